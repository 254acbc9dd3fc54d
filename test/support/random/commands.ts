import fc from 'fast-check';
import { expect } from 'vitest';
import { arrive, meeting, tick, unavailable, type Modelled, type PlannedFault, type Real } from './state.js';
import { anyVerb, type Verb } from './verbs.js';

type Command = fc.AsyncCommand<Modelled, Real>;

/** How many clients there are. */
export const CLIENTS = 2;
const NODES = 2;
/** How many requests may be under way. */
const AT_ONCE = 3;

/** What a verb came to: the same on both sides. */
type Outcome = { readonly value: unknown } | { readonly error: string };

function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof Error)) throw error;
  return { error: 'code' in error ? String(error.code) : error.message };
}

/** As bytes: what is `undefined` is not there. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}

/** A client sends a request, whose handler waits. */
class Begin implements Command {
  #number = 0;

  constructor(
    readonly client: number,
    readonly node: number,
    readonly fault: PlannedFault | undefined,
  ) {}

  check({ open }: Modelled): boolean {
    return open.size < AT_ONCE;
  }

  async run(model: Modelled, real: Real): Promise<void> {
    const { client } = this;
    const number = (this.#number = ++model.count);
    const node = real.nodes[this.node]!;
    const sender = real.clients[client]!.copy(node.origin);
    const { result, met } = await meeting(real, node, sender.id(), this.fault, () => real.requests.open(sender));
    tick(model, real);
    if ('status' in result) {
      expect(met).not.toBe('nothing');
      arrive(model, real, client, result, unavailable(undefined));
      return;
    }
    expect(met).toBe('nothing');
    const session = model.sessions.load(model.tokens.get(client));
    model.open.set(number, { client, session });
    real.open.set(number, { node, request: result });
    expect(plain(result.session.data)).toEqual(session.data);
    expect(result.session.isNew).toBe(session.isNew);
  }

  toString(): string {
    return `#${this.#number} begins: client ${this.client} at node ${this.node}${faultOf(this.fault)}`;
  }
}

/** Something that happens to one of the requests under way. */
abstract class UnderWay implements Command {
  /** Which of them it was, once it has happened. */
  protected number = 0;

  constructor(
    readonly choice: number,
    readonly fault: PlannedFault | undefined,
  ) {}

  check({ open }: Modelled): boolean {
    return open.size > 0;
  }

  abstract run(model: Modelled, real: Real): Promise<void>;

  /** The request, on both sides. */
  protected chosen({ open }: Modelled, real: Real) {
    const numbers = [...open.keys()];
    this.number = numbers[this.choice % numbers.length]!;
    return { ...open.get(this.number)!, ...real.open.get(this.number)! };
  }

  /** From now on it is under way no more, on both sides. */
  protected leave(model: Modelled, real: Real): void {
    model.open.delete(this.number);
    real.open.delete(this.number);
  }
}

/** A handler uses its session; an error that it does not catch is the end of its request. */
class Use extends UnderWay {
  constructor(
    choice: number,
    readonly verb: Verb,
    readonly isCaught: boolean,
    fault: PlannedFault | undefined,
  ) {
    super(choice, fault);
  }

  async run(model: Modelled, real: Real): Promise<void> {
    const { client, session, node, request } = this.chosen(model, real);
    let thrown: Error | undefined;
    const call = async (): Promise<Outcome> => {
      try {
        return { value: plain(await this.verb.real(request.session)) };
      } catch (error) {
        thrown = error as Error;
        return outcomeOf(error);
      }
    };
    const { result: seen, met } = await meeting(real, node, request.session.id, this.fault, call);
    tick(model, real);
    if (met !== 'nothing') {
      expect(seen).toEqual({ error: 'ERR_SESSION_STORAGE' });
      const { message, isChanged } = session;
      if (met === 'failed after effect') this.#expected(session);
      // What could not be stored is not tried again; and what nobody has changed was used all the same
      else if (!isChanged && !this.verb.closes) session.commit(thrown);
      await this.#answer(model, real, client, thrown, unavailable(message));
      return;
    }
    const expected = this.#expected(session);
    expect(seen).toEqual('error' in expected ? { error: expected.error } : { value: plain(expected.value) });
    if (expected.thrown !== undefined && !this.isCaught) {
      const status = session.commit(expected.thrown);
      await this.#answer(model, real, client, thrown, { status, message: session.message });
      return;
    }
    expect(plain(request.session.data)).toEqual(session.data);
    expect(request.session.isNew).toBe(session.isNew);
  }

  #expected(session: Parameters<Verb['model']>[0]): Outcome & { readonly thrown?: Error } {
    try {
      return { value: this.verb.model(session) };
    } catch (error) {
      return { ...outcomeOf(error), thrown: error as Error };
    }
  }

  async #answer(
    model: Modelled,
    real: Real,
    client: number,
    thrown: Error | undefined,
    expected: Parameters<typeof arrive>[4],
  ): Promise<void> {
    const { node, request } = real.open.get(this.number)!;
    this.leave(model, real);
    const answer = await request.end(thrown);
    await node.counts.settled();
    arrive(model, real, client, answer, expected);
  }

  override toString(): string {
    return `#${this.number} ${this.verb.name}${this.isCaught ? ', errors caught' : ''}${faultOf(this.fault)}`;
  }
}

/** A handler is done, and its answer arrives. */
class End extends UnderWay {
  async run(model: Modelled, real: Real): Promise<void> {
    const { client, session, node, request } = this.chosen(model, real);
    this.leave(model, real);
    // What only touches may fail unseen
    const fault = session.isChanged ? this.fault : undefined;
    const { result: answer, met } = await meeting(real, node, request.session.id, fault, () => request.end());
    await node.counts.settled();
    tick(model, real);
    const { message } = session;
    if (met !== 'failed') {
      const status = session.commit();
      if (met === 'nothing') return arrive(model, real, client, answer, { status, message: session.message });
    }
    arrive(model, real, client, answer, unavailable(message));
  }

  override toString(): string {
    return `#${this.number} ends${faultOf(this.fault)}`;
  }
}

/** Time passes. */
class Advance implements Command {
  constructor(readonly milliseconds: number) {}

  check(): boolean {
    return true;
  }

  async run(model: Modelled, real: Real): Promise<void> {
    real.clock.advance(this.milliseconds);
    tick(model, real);
  }

  toString(): string {
    return `${this.milliseconds / 1000} s pass`;
  }
}

/** Somebody ends a client's session by its id. */
class Invalidate implements Command {
  constructor(
    readonly client: number,
    readonly node: number,
  ) {}

  /** What ended before its time is not remembered for longer than it could have lived. */
  check({ sessions, tokens }: Modelled): boolean {
    const token = tokens.get(this.client);
    return token !== undefined && !sessions.isOver(token);
  }

  async run(model: Modelled, real: Real): Promise<void> {
    const { service } = real.nodes[this.node]!;
    const seen = await service.invalidate(real.clients[this.client]!.id());
    expect(seen).toBe(model.sessions.invalidate(model.tokens.get(this.client)!.id));
  }

  toString(): string {
    return `invalidate the session of client ${this.client} at node ${this.node}`;
  }
}

/** What has expired is removed. */
class Sweep implements Command {
  constructor(readonly node: number) {}

  check(): boolean {
    return true;
  }

  async run(_model: Modelled, real: Real): Promise<void> {
    while ((await real.nodes[this.node]!.counts.sweep()) > 0);
  }

  toString(): string {
    return `node ${this.node} sweeps`;
  }
}

function faultOf(planned: PlannedFault | undefined): string {
  return planned === undefined ? '' : `, a ${planned.verb} meets "${planned.fault}"`;
}

const choice = fc.nat(AT_ONCE);
const client = fc.integer({ min: 0, max: CLIENTS - 1 });
const node = fc.integer({ min: 0, max: NODES - 1 });
const fault: fc.Arbitrary<PlannedFault | undefined> = fc.oneof(
  { weight: 7, arbitrary: fc.constant(undefined) },
  fc.record({
    verb: fc.constantFrom('read' as const, 'write' as const),
    fault: fc.constantFrom('fail' as const, 'fail raw' as const, 'fail after effect' as const, 'hang' as const),
  }),
);

/** Requests of a few clients to two nodes, in any order; the clock, the storage's faults, and its sweep. */
export function anyCommands(pauses: readonly number[]): fc.Arbitrary<Iterable<Command>> {
  const begin = fc.tuple(client, node, fault).map((of) => new Begin(...of));
  const use = fc.tuple(choice, anyVerb, fc.boolean(), fault).map((of) => new Use(...of));
  const end = fc.tuple(choice, fault).map((of) => new End(...of));
  const advance = fc.constantFrom(...pauses).map((milliseconds) => new Advance(milliseconds));
  const invalidate = fc.tuple(client, node).map((of) => new Invalidate(...of));
  const sweep = node.map((at) => new Sweep(at));
  // As often as they stand here
  const all = [begin, begin, begin, use, use, use, use, use, end, end, advance, fc.oneof(invalidate, sweep)];
  return fc.commands(all, { maxCommands: 80, size: 'max' });
}

/** Ends what is under way, and asks every node for every client: what the model says is all that there is. */
export async function settle(model: Modelled, real: Real): Promise<void> {
  while (model.open.size > 0) await new End(0, undefined).run(model, real);
  for (let who = 0; who < CLIENTS; who++) {
    for (let at = 0; at < NODES; at++) {
      await new Begin(who, at, undefined).run(model, real);
      await new End(0, undefined).run(model, real);
    }
  }
}
