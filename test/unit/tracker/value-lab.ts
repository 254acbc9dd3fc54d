import { decodeCarried, encodeCarried, type CarriedSession } from '../../../src/record/carried-session.js';
import { JsonSerializer } from '../../../src/record/json-serializer.js';
import { DataShape } from '../../../src/session/data-shape.js';
import type { Session } from '../../../src/session/session.js';
import type { SessionStorage } from '../../../src/storage/session-storage.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import type { SessionEvent } from '../../../src/tracker/session-event.js';
import { ValueTracker } from '../../../src/tracker/value-tracker.js';
import type { ValueTrackerSettings } from '../../../src/tracker/value-tracking.js';
import { encrypt } from '../../../src/transformer/encrypt.js';
import { TransformerChain } from '../../../src/transformer/transformer-chain.js';
import {
  ABSOLUTE,
  Cart,
  IDLE,
  KEY,
  LabStorage,
  STORAGE_TIMEOUT,
  TestReply,
  TOUCH_AFTER,
  valueOf,
  type LabRequest,
} from './tracker-lab.js';

/** What a cookie named `sid` takes. */
export const MAX_LENGTH = 4093;

/** What encrypts sessions with the first of these keys, and opens them with all. */
export const encryptedBy = (...keys: readonly string[]): TransformerChain =>
  new TransformerChain([encrypt(keys)], 'value sid');

/** A tracker by value, with everything at hand. */
export class ValueLab {
  readonly clock = new ManualClock(1_700_000_000_000);
  readonly events: SessionEvent[] = [];
  /** For revocations; used by a tracker that is given it. */
  readonly storage = new LabStorage(this.clock);
  readonly tracker: ValueTracker<Cart>;
  readonly #chain: TransformerChain;
  readonly #revocation: SessionStorage | undefined;

  constructor(settings: Partial<ValueTrackerSettings<Cart>> = {}, keeps: 'nothing' | 'revocations' = 'nothing') {
    this.#chain = settings.chain ?? encryptedBy(KEY);
    this.#revocation = keeps === 'revocations' ? this.storage : undefined;
    this.tracker = this.another(settings);
  }

  /** One whose tracker keeps revocations in its storage. */
  static revoking(settings: Partial<ValueTrackerSettings<Cart>> = {}): ValueLab {
    return new ValueLab(settings, 'revocations');
  }

  /** Another node, or the same one with other settings. */
  another(settings: Partial<ValueTrackerSettings<Cart>> = {}): ValueTracker<Cart> {
    return new ValueTracker<Cart>({
      name: 'sid',
      shape: new DataShape(new JsonSerializer(), Cart),
      chain: this.#chain,
      maxLength: MAX_LENGTH,
      revocation: this.#revocation,
      timeouts: { idle: IDLE, absolute: ABSOLUTE, touchAfter: TOUCH_AFTER },
      storageTimeout: STORAGE_TIMEOUT,
      onOutage: 'fail',
      refreshes: false,
      clock: this.clock,
      observe: (event) => this.events.push(event),
      ...settings,
    });
  }

  request(...values: string[]): Promise<LabRequest> {
    return this.requestOf(this.tracker, ...values);
  }

  /** A request to another node. */
  async requestOf(tracker: ValueTracker<Cart>, ...values: string[]): Promise<LabRequest> {
    const reply = new TestReply();
    const tracked = await tracker.load(values, { request: { is: 'the request' }, reply });
    return { session: tracked.handle as Session<object> as Session<Cart>, tracked, reply };
  }

  /** Makes a session, in a request of its own; resolves to what its client holds. */
  async client(data: Partial<Cart> = { count: 1 }): Promise<{ readonly id: string; readonly value: string }> {
    const { session, tracked } = await this.request();
    Object.assign(session.data, data);
    await tracked.commit();
    this.events.length = 0;
    this.storage.calls.length = 0;
    return { id: session.id, value: valueOf(tracked) };
  }

  /** What is in a value. */
  open(value: string): CarriedSession {
    const opened = this.#chain.open(value);
    const carried = opened && decodeCarried(opened.bytes);
    if (carried === undefined) throw new Error('nothing is in it');
    return carried;
  }

  /** The data that is in a value. */
  data(value: string): unknown {
    return JSON.parse(Buffer.from(this.open(value).payload).toString());
  }

  /** A value that holds what a test wants. */
  seal(carried: CarriedSession): string {
    return this.#chain.seal(encodeCarried(carried));
  }

  /** The types of the events so far, with their reasons. */
  get log(): string[] {
    return this.events.map(({ type, reason }) => (reason === undefined ? type : `${type}: ${reason}`));
  }
}
