import { firstDeadlines } from '../session/expiry.js';
import type { Marks } from '../session/session-marks.js';
import { isStorageId } from '../storage/assert-storage-id.js';
import { OrderedStorage } from '../storage/ordered-storage.js';
import type { SessionStorage } from '../storage/session-storage.js';
import type { TransformerChain } from '../transformer/transformer-chain.js';
import { PrincipalRecords } from './principal-records.js';
import { PrincipalSessions } from './principal-sessions.js';
import { Principals, type PrincipalLimit } from './principals.js';
import type { RecordKeeping, RecordSettings } from './record-keeping.js';
import { RecordWriter } from './record-writer.js';
import { Records } from './records.js';
import type { SessionEvent } from './session-event.js';
import { SessionIndex } from './session-index.js';
import type { Standee } from './standing.js';
import { StoredStanding } from './stored-standing.js';
import { formatToken, hashOf, randomId, randomSecret, type Token } from './token.js';
import { Tracking, type Begun, type Birth } from './tracking.js';

/** What a tracker needs to know of one kind of session by id. */
export interface IdTrackerSettings<Data extends object> extends RecordSettings<Data> {
  readonly storage: SessionStorage;
  /** Seals tokens; `undefined` when they travel as they are. */
  readonly chain: TransformerChain | undefined;
  /** Names the ids of new sessions; `undefined` for random ones. */
  readonly generateId: ((request: unknown) => string) | undefined;
  /** How many sessions a principal may have; `undefined` for any number. */
  readonly limit: PrincipalLimit | undefined;
}

/** What all sessions of one kind share that are kept in a storage. */
export class IdTracking<Data extends object> extends Tracking<Data> implements RecordKeeping<Data> {
  declare readonly settings: IdTrackerSettings<Data>;
  readonly records: Records;
  readonly writer: RecordWriter;
  /** `undefined` where the storage keeps no index of them. */
  readonly principals: Principals | undefined;
  /** What principals may do; `undefined` as above. */
  readonly owned: PrincipalSessions | undefined;

  constructor(settings: IdTrackerSettings<Data>) {
    const { storage, name, clock, storageTimeout, limit } = settings;
    super(settings, storage);
    this.records = new Records(OrderedStorage.over(storage), this.limit);
    if (storage.principals !== undefined) {
      const index = new SessionIndex(storage.principals, name, this.limit);
      const observe = (event: Omit<SessionEvent, 'session'>): void => this.observe(event);
      const noticeFailure = (error: unknown, id: string): void => this.noticeFailure(error, id);
      const owned = new PrincipalRecords(index, this.records, { name, clock, storageTimeout, observe });
      this.principals = new Principals(index, owned, { clock, storageTimeout, limit, noticeFailure });
      this.owned = new PrincipalSessions(index, owned, settings);
    }
    this.writer = new RecordWriter(this.records, this.principals, clock, storageTimeout);
  }

  assertTakes(marks: Marks): void {
    if (!('principal' in marks) || this.principals !== undefined) return;
    throw new TypeError(
      `Cannot set principal of session: the storage of "${this.settings.name}" keeps no index of principals, use one that does`,
    );
  }

  /** The value that travels for a token. */
  seal(token: Token): string {
    const text = formatToken(token);
    return this.settings.chain?.seal(Buffer.from(text)) ?? text;
  }

  newId(request: unknown): string {
    const id = this.settings.generateId?.(request) ?? randomId();
    if (typeof id === 'string' && isStorageId(id)) return id;
    throw new TypeError('Cannot create session: generateId must return 1 to 255 characters of [A-Za-z0-9_-]');
  }

  async begin(session: Standee<Data>, { id: asked, createdAt, payload, marks }: Birth): Promise<Begun<Data>> {
    const { clock, name, timeouts } = this.settings;
    const secret = randomSecret();
    const header = {
      name,
      secretHash: hashOf(secret),
      previous: undefined,
      createdAt,
      ...firstDeadlines(clock.now(), timeouts),
      commits: [],
      ...marks,
    };
    // Before anything is stored: a transformer may fail
    const value = this.seal({ id: asked, secret });
    const { id, record } = await this.writer.create(asked, { header, payload }, session.begunAt);
    const token = { id, secret };
    const standing = new StoredStanding(session, this, { token, record });
    return { standing, value: id === asked ? value : this.seal(token) };
  }
}
