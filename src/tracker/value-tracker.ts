import { decodeCarried, type CarriedSession } from '../record/carried-session.js';
import { absoluteDeadlineFrom, isOver } from '../session/expiry.js';
import { SessionData } from '../session/session-data.js';
import { isSealedText } from '../transformer/transformer-chain.js';
import { CarriedStanding } from './carried-standing.js';
import { refusalOf, SessionTracker, type LookedUp } from './session-tracker.js';
import { isRandomId } from './token.js';
import { ValueTracking, type ValueTrackerSettings } from './value-tracking.js';

/** A value that was opened. */
interface OpenedValue {
  readonly value: string;
  readonly carried: CarriedSession;
  /** Whether it was sealed under a key that is no longer the first. */
  readonly outdated: boolean;
}

/** Sessions by value: the data travels, sealed; the server keeps at most the ids of those that ended before their time. */
export class ValueTracker<Data extends object> extends SessionTracker<Data> {
  readonly #tracking: ValueTracking<Data>;
  readonly #settings: ValueTrackerSettings<Data>;

  constructor(settings: ValueTrackerSettings<Data>) {
    const tracking = new ValueTracking(settings);
    super(tracking);
    this.#tracking = tracking;
    this.#settings = settings;
  }

  /** @throws {TypeError} always: nobody but the client has it */
  async find(): Promise<never> {
    throw new TypeError(
      `Cannot find session: "${this.#settings.name}" lives at its clients, and is read in their requests only`,
    );
  }

  /**
   * Ends a session by its public id, for as long as it could live under today's absolute timeout.
   *
   * @returns whether nobody had ended it before; whether there ever was one is not known
   * @throws {TypeError} when the server keeps nothing that could end it
   * @throws {SessionStorageError} when the storage fails
   */
  async invalidate(id: string, principal?: string): Promise<boolean> {
    if (principal !== undefined) this.#refusePrincipals();
    const { revocations } = this.#tracking;
    const { name, clock, timeouts } = this.#settings;
    if (revocations === undefined) {
      throw new TypeError(
        `Cannot invalidate session: "${name}" lives at its clients: give it clientSide: { revocation } to end it here`,
      );
    }
    if (!isRandomId(id)) return false;
    const until = absoluteDeadlineFrom(clock.now(), timeouts);
    const earlier = await this.#tracking.noticed(id, () => revocations.revoke(id, 'ended', until));
    if (earlier === undefined) this.#tracking.observe({ type: 'destroyed', id });
    return earlier === undefined;
  }

  /** @throws {TypeError} always: sessions by value have no principal */
  list(): never {
    this.#refusePrincipals();
  }

  /** @throws {TypeError} always: sessions by value have no principal */
  async invalidateAll(): Promise<never> {
    this.#refusePrincipals();
  }

  #refusePrincipals(): never {
    throw new TypeError(`Cannot use principal: "${this.#settings.name}" lives at its clients, keep it by id`);
  }

  protected isWellFormed(value: string): boolean {
    return isSealedText(value);
  }

  protected lookUp(values: readonly string[]): Promise<readonly LookedUp<Data>[]> {
    const opened = values.map((value) => this.#open(value));
    return Promise.all(opened.filter(isNewest).map((one) => this.#find(one)));
  }

  #open(value: string): OpenedValue | undefined {
    const opened = this.#settings.chain.open(value);
    const carried = opened && decodeCarried(opened.bytes);
    return carried && { value, carried, outdated: opened?.outdated === true };
  }

  async #find(opened: OpenedValue | undefined): Promise<LookedUp<Data>> {
    if (opened === undefined) return { refusal: 'signature' };
    const { clock, shape } = this.#settings;
    const { value, carried } = opened;
    const { id, payload } = carried;
    if (isOver(carried, clock.now())) return { id, refusal: 'expired' };
    const refusal = await this.#revocation(carried);
    if (refusal !== undefined) return refusal;
    try {
      const data = new SessionData(shape, payload);
      return { id, presented: value, data, stand: (session) => new CarriedStanding(session, this.#tracking, opened) };
    } catch (error) {
      return { id, refusal: refusalOf(error) };
    }
  }

  async #revocation({ id }: CarriedSession): Promise<LookedUp<Data> | undefined> {
    const { revocations } = this.#tracking;
    if (revocations === undefined) return undefined;
    const revocation = await this.#tracking.noticed(id, () => revocations.find(id, false));
    if (revocation === undefined) return undefined;
    return { id, refusal: 'revoked', ...(revocation.isRecent && { closes: 'it was replaced a moment ago' }) };
  }
}

/** Whether no other value is a later state of the same session: a cookie with another path may still hold an earlier one. */
function isNewest(one: OpenedValue | undefined, index: number, all: readonly (OpenedValue | undefined)[]): boolean {
  return !all.some((other, place) => {
    if (one === undefined || other?.carried.id !== one.carried.id || place === index) return false;
    const later = other.carried.idleDeadline - one.carried.idleDeadline;
    return later > 0 || (later === 0 && place < index);
  });
}
