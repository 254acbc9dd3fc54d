import { sameBytes } from '../common/same-bytes.js';
import { SessionCommittedError, SessionConflictError } from '../errors.js';
import type { SessionRecord } from '../record/record.js';
import { expiryOf, isTouchDue } from '../session/expiry.js';
import { keptKeys } from '../session/kept-keys.js';
import { isMarked, NO_MARKS, type Marks } from '../session/session-marks.js';
import type { RegenerateOptions } from '../session/session.js';
import type { DataSnapshot } from '../session/session-data.js';
import { applyChange } from './apply-change.js';
import { closeSession } from './closed-standing.js';
import { endedRecord, rotatedRecord, UNMARKED, usedRecord } from './next-record.js';
import type { RecordKeeping } from './record-keeping.js';
import type { Rewrite, Rewritten } from './record-writer.js';
import type { KnownRecord } from './records.js';
import type { Standee, Standing } from './standing.js';
import { startAnew } from './start-anew.js';
import type { StoredSession } from './stored-session.js';
import { hashOf, isSameHash, randomSecret, type Token } from './token.js';

/** A session with a record, as it was when this request last saw it. */
export class StoredStanding<Data extends object> implements Standing<Data> {
  readonly isNew = false;
  readonly isOpen = true;
  readonly #session: Standee<Data>;
  readonly #keeping: RecordKeeping<Data>;
  #token: Token;
  #secretHash: string;
  #record: KnownRecord;
  /** Whether the client knows the secret; else no request can come with it once it is replaced. */
  #knownToClient: boolean;
  /** Whether the client shall have the same token, sealed anew. */
  #outdated: boolean;
  #regenerated = false;
  /** Whether the rewrite under way has met another request's, which is told once. */
  #isConflict = false;

  constructor(session: Standee<Data>, keeping: RecordKeeping<Data>, { token, record, presented }: StoredSession) {
    this.#session = session;
    this.#keeping = keeping;
    this.#token = token;
    this.#secretHash = record.header.secretHash;
    this.#record = record;
    this.#knownToClient = presented !== undefined;
    this.#outdated = presented?.outdated === true;
  }

  get id(): string {
    return this.#token.id;
  }

  get createdAt(): number {
    return this.#record.header.createdAt;
  }

  get expiresAt(): number {
    return expiryOf(this.#record.header);
  }

  get refreshes(): boolean {
    return this.#outdated || this.#keeping.settings.refreshes;
  }

  async commit(snapshot: DataSnapshot): Promise<void> {
    const { sessionData: data } = this.#session;
    const known = this.#record;
    const result = await this.#rewrite(known, (record) => {
      const payload = record === known ? snapshot.bytes : this.#serialize(data.merge(record.payload, snapshot));
      return this.#changed(record, payload, snapshot);
    });
    this.#accept(result, snapshot);
  }

  touch(): Promise<void> | undefined {
    const { clock, timeouts, refreshes } = this.#keeping.settings;
    const isOwed = this.#outdated && this.#session.reply.state === 'open';
    const isDue = isOwed || isTouchDue(this.#record.header, timeouts, clock.now(), refreshes);
    return isDue ? this.#touch() : undefined;
  }

  async reload(): Promise<void> {
    const { sessionData: data } = this.#session;
    // What cannot be read any more has ended
    const result = await this.#rewrite(undefined, ({ payload }) => void data.merge(payload, undefined));
    const { payload, header } = this.#seen(result);
    data.reset(payload, header);
  }

  async regenerate({ keep = 'all', restart = true }: RegenerateOptions<Data>): Promise<void> {
    const { sessionData: data, reply } = this.#session;
    if (reply.state !== 'open') {
      throw new SessionCommittedError(
        'Cannot regenerate session: the response has begun or its client has gone, its token cannot be sent any more',
      );
    }
    const snapshot = data.snapshot();
    const token = { id: this.id, secret: randomSecret() };
    const secretHash = hashOf(token.secret);
    // Before the old secret is dead: a transformer may fail
    const value = this.#keeping.seal(token);
    let isChanged = false;
    const result = await this.#rewrite(this.#record, (record) => {
      this.#assertMergeable(record, snapshot);
      const kept = data.storable(this.#serialize(keptKeys(data.merge(record.payload, snapshot), keep)));
      isChanged = !sameBytes(kept, record.payload);
      const rotation = { secretHash, isKnown: this.#knownToClient, restart };
      const marks = keep === 'all' ? (snapshot?.marks ?? NO_MARKS) : UNMARKED;
      return rotatedRecord(this.#next(record, kept, marks), rotation, this.#keeping.settings);
    });
    if (result.outcome === 'missing') {
      startAnew(this.#session, keep);
      return;
    }
    this.#token = token;
    this.#secretHash = secretHash;
    this.#knownToClient = false;
    this.#regenerated = true;
    // Before anything else can fail: without it the client is lost
    this.#session.send(value, 'always');
    this.#accept(result, snapshot, isChanged);
    this.#keeping.observe({ type: 'regenerated', id: this.id });
  }

  async destroy(): Promise<void> {
    const { id } = this;
    const { outcome } = await this.#rewrite(this.#record, endedRecord);
    if (outcome === 'foreign') {
      closeSession(this.#session, this, 'replaced');
      return;
    }
    this.#session.becomeNew();
    if (outcome === 'missing') return;
    this.#session.clear();
    this.#keeping.observe({ type: 'destroyed', id });
  }

  async update(change: (data: Data) => unknown): Promise<void> {
    const { sessionData: data } = this.#session;
    const snapshot = data.snapshot();
    const result = await this.#rewrite(undefined, (record) => {
      const draft = data.draft(record.payload, snapshot);
      applyChange(change, draft.data);
      const payload = this.#serialize(draft.data);
      if (snapshot === undefined && sameBytes(payload, draft.before)) return undefined;
      return this.#changed(record, data.storable(payload), snapshot);
    });
    this.#accept(result, snapshot);
  }

  async take(key: string): Promise<unknown> {
    const { sessionData: data } = this.#session;
    const snapshot = data.snapshot();
    let isThere = false;
    let value: unknown;
    const result = await this.#rewrite(undefined, (record) => {
      const merged = data.merge(record.payload, snapshot);
      const { [key]: taken, ...rest } = merged;
      isThere = Object.hasOwn(merged, key);
      value = isThere ? taken : undefined;
      return isThere ? this.#changed(record, data.storable(this.#serialize(rest)), snapshot) : undefined;
    });
    if (result.outcome === 'missing') {
      closeSession(this.#session, this, 'ended');
      return undefined;
    }
    this.#accept(result, isThere ? snapshot : undefined);
    return value;
  }

  async #touch(): Promise<void> {
    const { clock, timeouts } = this.#keeping.settings;
    const before = this.#record;
    const touched = await this.#keeping.writer.touch(this.id, before, clock.now() + timeouts.idle);
    // A commit may have been faster, or the end
    if (touched === undefined || this.#record !== before || this.#session.standing !== this) return;
    this.#record = touched;
    this.#refresh();
  }

  #rewrite(known: KnownRecord | undefined, next: Rewrite['next']): Promise<Rewritten> {
    this.#isConflict = false;
    return this.#keeping.writer.rewrite({
      id: this.id,
      secretHash: this.#secretHash,
      begunAt: this.#session.begunAt,
      known,
      merges: !this.#regenerated,
      next,
      onConflict: () => this.#tellConflict(),
    });
  }

  #next(record: KnownRecord, payload: Uint8Array, marks: Marks): SessionRecord {
    return usedRecord(record, payload, marks, this.#keeping.settings);
  }

  /** The record to follow `record` with a payload and a snapshot's marks; `undefined` when that is stored already. */
  #changed(record: KnownRecord, payload: Uint8Array, snapshot: DataSnapshot | undefined): SessionRecord | undefined {
    const marks = snapshot?.marks ?? NO_MARKS;
    if (sameBytes(payload, record.payload) && isMarked(record.header, marks)) return undefined;
    this.#assertMergeable(record, snapshot);
    return this.#next(record, payload, marks);
  }

  /** Refuses what was changed on the ground of data that is not what is stored now, where such changes are not to be merged. */
  #assertMergeable(record: KnownRecord, snapshot: DataSnapshot | undefined): void {
    if (snapshot === undefined || this.#keeping.settings.onConflict === 'merge') return;
    // A touch changes no data
    if (sameBytes(record.payload, this.#record.payload)) return;
    this.#tellConflict();
    const { id } = this;
    throw new SessionConflictError('Cannot store session: another request has changed its data meanwhile', { id });
  }

  #tellConflict(): void {
    if (!this.#isConflict) this.#keeping.observe({ type: 'conflict', id: this.id });
    this.#isConflict = true;
  }

  /** Takes over what was stored. */
  #accept(result: Rewritten, snapshot: DataSnapshot | undefined, isChanged = result.outcome === 'written'): void {
    const record = this.#seen(result);
    const { sessionData } = this.#session;
    sessionData.rebase(record.payload, snapshot);
    sessionData.marks.rebase(record.header, snapshot?.marks ?? NO_MARKS);
    if (result.outcome === 'written') this.#refresh();
    if (isChanged) this.#keeping.observe({ type: 'changed', id: this.id });
  }

  /** The record as it is now; or, when there is none that is this request's, the session is closed to it. */
  #seen(result: Rewritten): KnownRecord {
    if (result.outcome === 'missing') throw closeSession(this.#session, this, 'ended');
    if (result.outcome === 'foreign' || !isSameHash(result.record.header.secretHash, this.#secretHash)) {
      throw closeSession(this.#session, this, 'replaced');
    }
    return (this.#record = result.record);
  }

  #refresh(): void {
    if (this.refreshes) this.#session.send(this.#keeping.seal(this.#token), 'once');
    this.#outdated = false;
  }

  #serialize(data: object): Uint8Array {
    return this.#keeping.settings.shape.codec.serialize(data);
  }
}
