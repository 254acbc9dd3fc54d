import { SessionTooLargeError } from '../errors.js';
import { encodeCarried, type CarriedSession } from '../record/carried-session.js';
import { firstDeadlines } from '../session/expiry.js';
import type { Marks } from '../session/session-marks.js';
import { OrderedStorage } from '../storage/ordered-storage.js';
import type { SessionStorage } from '../storage/session-storage.js';
import type { TransformerChain } from '../transformer/transformer-chain.js';
import { CarriedStanding } from './carried-standing.js';
import type { ClientKeeping } from './client-keeping.js';
import { Records } from './records.js';
import { Revocations } from './revocations.js';
import type { Standee } from './standing.js';
import { randomId } from './token.js';
import { Tracking, type Begun, type Birth, type TrackerSettings } from './tracking.js';

/** What a tracker needs to know of one kind of session by value. */
export interface ValueTrackerSettings<Data extends object> extends TrackerSettings<Data> {
  /** Seals sessions, and ends with a transformer that authenticates. */
  readonly chain: TransformerChain;
  /** The longest value that can be handed out, in characters. */
  readonly maxLength: number;
  /** Where the ids of those are kept that end before their time; `undefined` for nowhere. */
  readonly revocation: SessionStorage | undefined;
}

/** What all sessions of one kind share that live at their clients. */
export class ValueTracking<Data extends object> extends Tracking<Data> implements ClientKeeping<Data> {
  declare readonly settings: ValueTrackerSettings<Data>;
  /** `undefined` where nothing of a session is known to the server. */
  readonly revocations: Revocations | undefined;

  constructor(settings: ValueTrackerSettings<Data>) {
    const { revocation, name, clock } = settings;
    super(settings, revocation);
    if (revocation === undefined) return;
    this.revocations = new Revocations(new Records(OrderedStorage.over(revocation), this.limit), name, clock);
  }

  /**
   * The value that travels for a state of a session.
   *
   * @throws {SessionTooLargeError} when its transport does not take that
   */
  seal(session: CarriedSession): string {
    const { chain, maxLength } = this.settings;
    const value = chain.seal(encodeCarried(session));
    if (value.length <= maxLength) return value;
    throw new SessionTooLargeError(
      `Cannot send session: its value is ${value.length} bytes, its transport takes ${maxLength} beside the name`,
      { id: session.id },
    );
  }

  /** @throws {TypeError} always: nobody could list what only clients have */
  assertTakes(marks: Marks): never {
    throw new TypeError(
      `Cannot set ${Object.keys(marks).join(' and ')} of session: "${this.settings.name}" lives at its clients, keep it by id`,
    );
  }

  newId(): string {
    return randomId();
  }

  async begin(session: Standee<Data>, { id, createdAt, payload }: Birth): Promise<Begun<Data>> {
    const { clock, timeouts } = this.settings;
    const carried: CarriedSession = { id, createdAt, ...firstDeadlines(clock.now(), timeouts), payload };
    const value = this.seal(carried);
    return { standing: new CarriedStanding(session, this, { carried }), value };
  }
}
