import { sameBytes } from '../common/same-bytes.js';
import { SessionCommittedError } from '../errors.js';
import { expiryOf, firstDeadlines } from '../session/expiry.js';
import { keptKeys } from '../session/kept-keys.js';
import { NO_MARKS } from '../session/session-marks.js';
import type { RegenerateOptions } from '../session/session.js';
import type { DataSnapshot } from '../session/session-data.js';
import { applyChange } from './apply-change.js';
import type { Standee, Standing } from './standing.js';
import type { Tracking } from './tracking.js';

/** A session of which nothing is stored: the first change begins it. */
export class NewStanding<Data extends object> implements Standing<Data> {
  readonly isNew = true;
  readonly isOpen = true;
  readonly refreshes = false;
  readonly createdAt: number;
  readonly #session: Standee<Data>;
  readonly #tracking: Tracking<Data>;
  readonly #request: unknown;
  #id: string | undefined;

  constructor(session: Standee<Data>, tracking: Tracking<Data>, request: unknown) {
    this.#session = session;
    this.#tracking = tracking;
    this.#request = request;
    this.createdAt = this.#tracking.settings.clock.now();
  }

  get id(): string {
    return (this.#id ??= this.#tracking.newId(this.#request));
  }

  get expiresAt(): number {
    return expiryOf(firstDeadlines(this.createdAt, this.#tracking.settings.timeouts));
  }

  commit(snapshot: DataSnapshot): Promise<void> {
    return this.#create(snapshot.bytes, snapshot);
  }

  touch(): undefined {
    return undefined;
  }

  async reload(): Promise<void> {
    this.#session.sessionData.reset(undefined);
  }

  async regenerate({ keep = 'all' }: RegenerateOptions<Data>): Promise<void> {
    const { sessionData: data } = this.#session;
    if (keep !== 'all') data.restart(keptKeys(data.ownChanges(data.snapshot()), keep), NO_MARKS);
  }

  async destroy(): Promise<void> {
    this.#session.sessionData.reset(undefined);
  }

  async update(change: (data: Data) => unknown): Promise<void> {
    const { sessionData: data } = this.#session;
    const snapshot = data.snapshot();
    const draft = data.draft(undefined, snapshot);
    applyChange(change, draft.data);
    const payload = this.#tracking.settings.shape.codec.serialize(draft.data);
    if (snapshot !== undefined || !sameBytes(payload, draft.before))
      await this.#create(data.storable(payload), snapshot);
  }

  async take(key: string): Promise<unknown> {
    const { sessionData: data } = this.#session;
    const changes = data.ownChanges(data.snapshot());
    if (!Object.hasOwn(changes, key)) return undefined;
    const { [key]: value, ...rest } = changes;
    data.restart(rest, data.marks.changes);
    return value;
  }

  async #create(payload: Uint8Array, snapshot: DataSnapshot | undefined): Promise<void> {
    const { reply, sessionData } = this.#session;
    if (reply.state !== 'open') {
      throw new SessionCommittedError(
        'Cannot create session: the response has begun or its client has gone, its token cannot be sent any more',
      );
    }
    const { id, createdAt } = this;
    const marks = snapshot?.marks ?? NO_MARKS;
    const { standing, value } = await this.#tracking.begin(this.#session, { id, createdAt, payload, marks });
    this.#session.become(standing);
    this.#session.send(value, 'once');
    sessionData.rebase(payload, snapshot);
    sessionData.marks.rebase(marks, marks);
    this.#tracking.observe({ type: 'created', id: standing.id });
  }
}
