import { bypassedError, endlessCommitsError, headersSentError } from './gate-errors.js';
import { drainSources, sendFailure } from './gate-failure.js';
import type { Installation } from './gate-functions.js';
import type { GateHooks, RawResponse } from './gate-hooks.js';
import { showProgress } from './gate-progress.js';
import type { Gatekeeper, Progress } from './gate-registry.js';
import { applyHeadFields, headFieldsOf } from './head-fields.js';
import { isFinalStatus } from './head-status.js';
import { callBack, HeldCalls, type GatedName, type HeldCall } from './held-calls.js';
import { HeldDrain } from './held-drain.js';

/** A change made while a commit is in flight takes one more; an app that never stops changing has to be stopped. */
const MAX_COMMITS = 8;

/**
 * How far a response has got.
 * - `open`: no call has reached Node; `passing`: one is on its way there
 * - `holding`: calls wait for a commit; `replaying`: they go to Node now
 * - `sent`: the head has left; `ended`: so has the rest
 * - `failed`: another answer has left instead, the app's goes nowhere; `gone`: the client has left
 */
export type GateState = 'open' | 'passing' | 'holding' | 'replaying' | 'sent' | 'ended' | 'failed' | 'gone';

/** Decides for one response what goes to Node now, what waits, and what goes nowhere. */
export class GateKeeper implements Gatekeeper {
  readonly #response: RawResponse;
  readonly #hooks: GateHooks;
  readonly #installation: Installation;
  #state: GateState;
  #headMade = false;
  #held: HeldCalls | undefined;
  #endHeld = false;
  #drain: HeldDrain | undefined;

  constructor(response: RawResponse, hooks: GateHooks, installation: Installation, state: GateState) {
    this.#response = response;
    this.#hooks = hooks;
    this.#installation = installation;
    this.#state = state;
  }

  writeHead(status: unknown, reason: unknown, fields: unknown): unknown {
    if (this.#state === 'failed') return this.#response;
    if (this.#state === 'holding') throw headersSentError();
    if (!this.#headIsDue() || !isFinalStatus(status)) return this.#pass('writeHead', status, reason, fields);
    const held = this.#line();
    if (!held) return this.#sendHead(status, reason, fields);
    held.add('writeHead', status, reason, fields);
    return this.#response;
  }

  write(chunk: unknown, encoding: unknown, callback: unknown): unknown {
    if (this.#state === 'failed') return this.#swallow(true, chunk, encoding, callback);
    const held = this.#line();
    return held ? held.addWrite(chunk, encoding, callback) : this.#pass('write', chunk, encoding, callback);
  }

  end(chunk: unknown, encoding: unknown, callback: unknown): unknown {
    if (this.#state === 'failed') return this.#swallow(this.#response, chunk, encoding, callback);
    if (this.#state === 'gone') this.#commitAnyway();
    const held = this.#state === 'sent' ? this.#commit() : this.#line();
    if (held) return this.#holdEnd(held, chunk, encoding, callback);
    const result = this.#pass('end', chunk, encoding, callback);
    if (this.#state === 'sent') this.#state = 'ended';
    return result;
  }

  flushHeaders(): unknown {
    const held = this.#line();
    return held ? held.add('flushHeaders') : this.#pass('flushHeaders');
  }

  awaitsDrain(listener: () => void): void {
    if (this.#headIsDue() || this.#state === 'holding') (this.#drain ??= new HeldDrain()).add(listener);
  }

  progress(name: Progress, native: boolean): boolean {
    return native || (name === 'headersSent' ? this.#state === 'holding' : this.#endHeld);
  }

  closed(): void {
    const before = this.#state;
    if (before === 'failed') return;
    this.#state = 'gone';
    // What is held waits for a commit that is under way, and that goes on.
    if (before === 'holding') return this.#held?.abort();
    const bypassed = before === 'open' && this.#response.writableFinished;
    if (this.#commitAnyway() && bypassed) this.#hooks.late(bypassedError());
  }

  #headIsDue(): boolean {
    return this.#state === 'open' || this.#state === 'passing' || this.#state === 'replaying';
  }

  /** Where a call has to wait; `undefined` when it may go on. */
  #line(): HeldCalls | undefined {
    if (this.#state === 'open') return this.#commit();
    return this.#state === 'holding' ? this.#held : undefined;
  }

  #commit(): HeldCalls | undefined {
    const pending = this.#hooks.commit();
    return pending && this.#hold(pending);
  }

  /** Stores what there is for its own sake: no answer depends on it any more. */
  #commitAnyway(): boolean {
    const pending = this.#hooks.commit();
    if (pending) void this.#commitAll(pending);
    return pending !== undefined;
  }

  #hold(pending: Promise<void>): HeldCalls {
    this.#held = new HeldCalls(this.#response);
    this.#state = 'holding';
    if (this.#installation.accessors) showProgress(this.#response, this.#installation.accessors);
    void this.#commitAll(pending);
    return this.#held;
  }

  #holdEnd(held: HeldCalls, chunk: unknown, encoding: unknown, callback: unknown): RawResponse {
    held.add('end', chunk, encoding, callback);
    this.#endHeld = true;
    return this.#response;
  }

  /** Goes on in the very tick in which nothing is left to store: a change cannot slip in before the head. */
  async #commitAll(first: Promise<void>): Promise<void> {
    try {
      let pending: Promise<void> | undefined = first;
      for (let commits = 1; pending; commits++) {
        if (commits > MAX_COMMITS) throw endlessCommitsError(pending);
        await pending;
        pending = this.#hooks.commit();
      }
    } catch (error) {
      return this.#fail(error);
    }
    if (this.#state !== 'gone') this.#replayAll(this.#unhold());
  }

  #fail(error: unknown): void {
    if (this.#state === 'gone') return this.#hooks.late(error);
    const held = this.#unhold();
    if (!this.#response.headersSent) return this.#answer(error, held);
    this.#hooks.late(error);
    this.#replayAll(held);
  }

  /** From here on the response reads as what it is. */
  #unhold(): HeldCalls {
    const held = this.#held as HeldCalls;
    this.#held = undefined;
    this.#state = 'replaying';
    held.head.restore();
    return held;
  }

  #replayAll(held: HeldCalls): void {
    let roomy = true;
    try {
      for (let call = held.shift(); call; call = held.shift()) {
        const result = this.#replay(call);
        if (call.name === 'write') roomy = result !== false;
      }
    } catch (error) {
      return this.#breakOff(error, held);
    }
    if (this.#endHeld) this.#state = 'ended';
    else if (this.#state === 'replaying') this.#state = this.#stateByNode();
    // A write that Node itself refused has a `drain` of its own to come.
    if (held.overfull && roomy && !this.#endHeld) this.#wake();
  }

  #replay({ name, args }: HeldCall): unknown {
    if (name === 'writeHead') return this.#sendHead(...args);
    return this.#installation.raw[name].apply(this.#response, [...args]);
  }

  /** Nobody is there to catch what Node throws at a call that was held, and the process must not die of it. */
  #breakOff(error: unknown, held: HeldCalls): void {
    if (!this.#response.headersSent) return this.#answer(error, held);
    this.#state = 'failed';
    held.discard();
    this.#hooks.late(error);
    this.#response.destroy();
  }

  #answer(error: unknown, held: HeldCalls): void {
    const { raw } = this.#installation;
    drainSources(this.#response);
    try {
      sendFailure(this.#response, raw, this.#hooks.failure(error), held.headFields);
    } catch (unanswerable) {
      this.#hooks.late(unanswerable);
      this.#response.destroy();
    }
    this.#state = 'failed';
    held.discard();
    if (held.overfull) this.#wake();
  }

  /** Wakes writers as Node would: in a tick of their own, where what they throw is theirs. */
  #wake(): void {
    const drain = this.#drain ?? new HeldDrain();
    process.nextTick(() => drain.wake(this.#response));
  }

  #sendHead(status: unknown, reason: unknown, fields: unknown): unknown {
    const { raw } = this.#installation;
    applyHeadFields(this.#response, headFieldsOf(reason, fields));
    if (!this.#headMade) {
      this.#headMade = true;
      this.#hooks.head(this.#response, Number(status));
    }
    const result = raw.writeHead.apply(this.#response, typeof reason === 'string' ? [status, reason] : [status]);
    this.#state = 'sent';
    return result;
  }

  #pass(name: GatedName, first?: unknown, second?: unknown, third?: unknown): unknown {
    if (this.#state === 'open') this.#state = 'passing';
    try {
      return this.#installation.raw[name].call(this.#response, first, second, third);
    } finally {
      if (this.#state === 'passing') this.#state = this.#stateByNode();
    }
  }

  #stateByNode(): GateState {
    return this.#response.headersSent ? 'sent' : 'open';
  }

  #swallow<Result>(result: Result, ...args: readonly unknown[]): Result {
    callBack(args);
    return result;
  }
}
