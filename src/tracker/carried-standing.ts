import { sameBytes } from '../common/same-bytes.js';
import { SessionCommittedError, SessionEndedError } from '../errors.js';
import type { CarriedSession } from '../record/carried-session.js';
import { absoluteDeadlineFrom, expiryOf, isOver, isTouchDue } from '../session/expiry.js';
import { keptKeys } from '../session/kept-keys.js';
import type { RegenerateOptions } from '../session/session.js';
import type { DataSnapshot } from '../session/session-data.js';
import { applyChange } from './apply-change.js';
import type { ClientKeeping } from './client-keeping.js';
import { closeSession } from './closed-standing.js';
import type { Revocation } from './revocations.js';
import type { Standee, Standing } from './standing.js';
import { startAnew } from './start-anew.js';
import { randomId } from './token.js';
import type { Sending } from './tracked-session.js';

/** A session that lives at its client: what is known of it at first. */
export interface CarriedOrigin {
  readonly carried: CarriedSession;
  /** Whether the value was sealed under a key that is no longer the first; `undefined` when the client has none yet. */
  readonly outdated?: boolean;
}

/**
 * A session that lives at its client. What this request sees of it is what the client sent; what it changes, the client gets
 * with the response. No other request learns of that but through the client, so the last response that arrives wins.
 */
export class CarriedStanding<Data extends object> implements Standing<Data> {
  readonly isNew = false;
  readonly isOpen = true;
  readonly refreshes = true;
  readonly #session: Standee<Data>;
  readonly #keeping: ClientKeeping<Data>;
  #carried: CarriedSession;
  /** Whether the client knows its id; else nobody can come with it. */
  #knownToClient: boolean;
  /** Whether the client shall have the same session, sealed anew. */
  #outdated: boolean;

  constructor(session: Standee<Data>, keeping: ClientKeeping<Data>, { carried, outdated }: CarriedOrigin) {
    this.#session = session;
    this.#keeping = keeping;
    this.#carried = carried;
    this.#knownToClient = outdated !== undefined;
    this.#outdated = outdated === true;
  }

  get id(): string {
    return this.#carried.id;
  }

  get createdAt(): number {
    return this.#carried.createdAt;
  }

  get expiresAt(): number {
    return expiryOf(this.#carried);
  }

  async commit(snapshot: DataSnapshot): Promise<void> {
    this.#issue(snapshot.bytes, snapshot, await this.#assertAlive());
  }

  touch(): Promise<void> | undefined {
    const { clock, timeouts, refreshes } = this.#keeping.settings;
    const now = clock.now();
    const isDue = this.#outdated || isTouchDue(this.#carried, timeouts, now, refreshes);
    return isDue && !isOver(this.#carried, now) && this.#session.reply.state === 'open' ? this.#touch() : undefined;
  }

  async reload(): Promise<void> {
    await this.#assertAlive();
    this.#session.sessionData.reset(this.#carried.payload);
  }

  async regenerate({ keep = 'all', restart = true }: RegenerateOptions<Data>): Promise<void> {
    this.#assertOpen('regenerate');
    const { sessionData: data } = this.#session;
    const { clock, timeouts } = this.#keeping.settings;
    const now = clock.now();
    if (isOver(this.#carried, now)) {
      startAnew(this.#session, keep);
      return;
    }
    const snapshot = data.snapshot();
    const payload = data.storable(this.#serialize(keptKeys(data.merge(this.#carried.payload, snapshot), keep)));
    const next = {
      ...this.#usedAt(now, payload),
      id: randomId(),
      absoluteDeadline: restart ? absoluteDeadlineFrom(now, timeouts) : this.#carried.absoluteDeadline,
    };
    // Before the old one ends: it may be too large
    const value = this.#keeping.seal(next);
    const earlier = await this.#revoke('replaced');
    if (earlier === 'replaced') throw closeSession(this.#session, this, 'replaced');
    if (earlier === 'ended') {
      startAnew(this.#session, keep);
      return;
    }
    const isChanged = !sameBytes(payload, this.#carried.payload);
    this.#knownToClient = false;
    this.#outdated = false;
    this.#carried = next;
    this.#session.send(value, 'always');
    data.rebase(payload, snapshot);
    if (isChanged) this.#keeping.observe({ type: 'changed', id: this.id });
    this.#keeping.observe({ type: 'regenerated', id: this.id });
  }

  async destroy(): Promise<void> {
    const { id } = this;
    // Where the server knows nothing, to clear it is all there is
    if (this.#keeping.revocations === undefined) this.#assertOpen('destroy');
    const isGone = isOver(this.#carried, this.#keeping.settings.clock.now());
    const earlier = isGone ? 'ended' : await this.#revoke('ended');
    if (earlier === 'replaced') {
      closeSession(this.#session, this, 'replaced');
      return;
    }
    this.#session.becomeNew();
    if (earlier === 'ended') return;
    this.#session.clear();
    this.#keeping.observe({ type: 'destroyed', id });
  }

  async update(change: (data: Data) => unknown): Promise<void> {
    const { sessionData: data } = this.#session;
    const snapshot = data.snapshot();
    const aliveAt = await this.#assertAlive();
    const draft = data.draft(this.#carried.payload, snapshot);
    applyChange(change, draft.data);
    const payload = this.#serialize(draft.data);
    if (snapshot !== undefined || !sameBytes(payload, draft.before))
      this.#issue(data.storable(payload), snapshot, aliveAt);
  }

  async take(key: string): Promise<unknown> {
    const { sessionData: data } = this.#session;
    const snapshot = data.snapshot();
    let aliveAt: number;
    try {
      aliveAt = await this.#assertAlive();
    } catch (error) {
      if (error instanceof SessionEndedError) return undefined;
      throw error;
    }
    const merged = data.merge(this.#carried.payload, snapshot);
    if (!Object.hasOwn(merged, key)) return undefined;
    const { [key]: value, ...rest } = merged;
    this.#issue(data.storable(this.#serialize(rest)), snapshot, aliveAt);
    return value;
  }

  async #touch(): Promise<void> {
    const before = this.#carried;
    const now = this.#keeping.settings.clock.now();
    const revocation = await this.#keeping.revocations?.find(this.id, true);
    // A commit may have been faster, or the end, and the response too
    const isOutrun = this.#carried !== before || this.#session.standing !== this;
    if (revocation === undefined && !isOutrun && this.#session.reply.state === 'open')
      this.#send(this.#usedAt(now), 'once');
  }

  /** Hands the client a changed state. */
  #issue(payload: Uint8Array, snapshot: DataSnapshot | undefined, aliveAt: number): void {
    this.#assertOpen('store');
    const isChanged = !sameBytes(payload, this.#carried.payload);
    this.#send(this.#usedAt(aliveAt, payload), 'once');
    this.#session.sessionData.rebase(payload, snapshot);
    if (isChanged) this.#keeping.observe({ type: 'changed', id: this.id });
  }

  /** The same session, used at an instant at which it had not ended. */
  #usedAt(instant: number, payload = this.#carried.payload): CarriedSession {
    return { ...this.#carried, idleDeadline: instant + this.#keeping.settings.timeouts.idle, payload };
  }

  #send(carried: CarriedSession, sending: Sending): void {
    this.#session.send(this.#keeping.seal(carried), sending);
    this.#carried = carried;
    this.#outdated = false;
  }

  /** Whether somebody may come with its id: who brought it, or who was handed it by now. */
  get #isOut(): boolean {
    return this.#knownToClient || this.#session.reply.state !== 'open';
  }

  async #revoke(how: Revocation['how']): Promise<Revocation['how'] | undefined> {
    if (!this.#isOut) return undefined;
    const earlier = await this.#keeping.revocations?.revoke(this.id, how, this.#carried.absoluteDeadline);
    return earlier?.how;
  }

  /**
   * Closes the session when it has ended meanwhile, as far as anybody knows.
   *
   * @returns when it had not, in milliseconds since the epoch: it may end by its own deadlines while the server is asked
   */
  async #assertAlive(): Promise<number> {
    const now = this.#keeping.settings.clock.now();
    if (isOver(this.#carried, now)) throw closeSession(this.#session, this, 'ended');
    const revocation = this.#isOut ? await this.#keeping.revocations?.find(this.id, true) : undefined;
    if (revocation !== undefined) throw closeSession(this.#session, this, revocation.how);
    return now;
  }

  #assertOpen(verb: 'store' | 'regenerate' | 'destroy'): void {
    if (this.#session.reply.state === 'open') return;
    throw new SessionCommittedError(
      `Cannot ${verb} session: the response has begun or its client has gone, and it lives at its client`,
      { id: this.id },
    );
  }

  #serialize(data: object): Uint8Array {
    return this.#keeping.settings.shape.codec.serialize(data);
  }
}
