import { SessionCommittedError } from '../errors.js';
import { keptKeys } from '../session/kept-keys.js';
import type { RegenerateOptions } from '../session/session.js';
import { sameBytes, type DataSnapshot } from '../session/session-data.js';
import { isStorageId } from '../storage/assert-storage-id.js';
import { applyChange } from './apply-change.js';
import type { Standee, Standing } from './standing.js';
import { StoredStanding } from './stored-standing.js';
import { hashOf, randomId, randomSecret } from './token.js';

/** A session of which nothing is stored: the first change creates its record. */
export class NewStanding<Data extends object> implements Standing<Data> {
  readonly isNew = true;
  readonly createdAt: number;
  readonly #session: Standee<Data>;
  readonly #request: unknown;
  #id: string | undefined;

  constructor(session: Standee<Data>, request: unknown) {
    this.#session = session;
    this.#request = request;
    this.createdAt = session.tracker.settings.clock.now();
  }

  get id(): string {
    return (this.#id ??= this.#makeId());
  }

  get expiresAt(): number {
    const { idle, absolute } = this.#session.tracker.settings.timeouts;
    return this.createdAt + Math.min(idle, absolute);
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
    if (keep !== 'all') data.restart(keptKeys(data.ownChanges(data.snapshot()), keep));
  }

  async destroy(): Promise<void> {
    this.#session.sessionData.reset(undefined);
  }

  async update(change: (data: Data) => unknown): Promise<void> {
    const { sessionData: data, tracker } = this.#session;
    const snapshot = data.snapshot();
    const draft = data.draft(undefined, snapshot);
    applyChange(change, draft.data);
    const payload = tracker.settings.shape.codec.serialize(draft.data);
    if (snapshot !== undefined || !sameBytes(payload, draft.before)) await this.#create(payload, snapshot);
  }

  async take(key: string): Promise<unknown> {
    const { sessionData: data } = this.#session;
    const changes = data.ownChanges(data.snapshot());
    if (!Object.hasOwn(changes, key)) return undefined;
    const { [key]: value, ...rest } = changes;
    data.restart(rest);
    return value;
  }

  async #create(payload: Uint8Array, snapshot: DataSnapshot | undefined): Promise<void> {
    const { sessionData: data, reply, tracker } = this.#session;
    const { clock, name, timeouts } = tracker.settings;
    if (reply.state !== 'open') {
      throw new SessionCommittedError(
        'Cannot create session: the response has begun or its client has gone, its token cannot be sent any more',
      );
    }
    const secret = randomSecret();
    const header = {
      name,
      secretHash: hashOf(secret),
      previous: undefined,
      createdAt: this.createdAt,
      idleDeadline: clock.now() + timeouts.idle,
      absoluteDeadline: this.createdAt + timeouts.absolute,
      commits: [],
    };
    const { id, record } = await tracker.writer.create(this.id, { header, payload });
    const token = { id, secret };
    this.#session.become(new StoredStanding(this.#session, token, record, 'unsent'));
    this.#session.send(token, 'once');
    data.rebase(payload, snapshot);
    tracker.observe({ type: 'created', id });
  }

  #makeId(): string {
    const id = this.#session.tracker.settings.generateId?.(this.#request) ?? randomId();
    if (typeof id === 'string' && isStorageId(id)) return id;
    throw new TypeError('Cannot create session: generateId must return 1 to 255 characters of [A-Za-z0-9_-]');
  }
}
