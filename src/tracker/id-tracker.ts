import { SessionDecodeError } from '../errors.js';
import type { RecordHeader } from '../record/record-header.js';
import { expiryOf, isOver } from '../session/expiry.js';
import { SessionData } from '../session/session-data.js';
import type { PrincipalSession } from '../session/session.js';
import { isStorageId } from '../storage/assert-storage-id.js';
import type { WriteResult } from '../storage/session-storage.js';
import { isSealedText } from '../transformer/transformer-chain.js';
import { IdTracking, type IdTrackerSettings } from './id-tracking.js';
import { endedRecord } from './next-record.js';
import type { PrincipalSessions } from './principal-sessions.js';
import type { KnownRecord } from './records.js';
import type { RefusalReason } from './session-event.js';
import { refusalOf, SessionTracker, type FoundSession, type LookedUp } from './session-tracker.js';
import { StoredStanding } from './stored-standing.js';
import { formatToken, hashOf, isSameHash, parseToken, type Token } from './token.js';

/** What was found under a public id. */
interface OwnSession<Data extends object> {
  readonly header: RecordHeader;
  readonly data: SessionData<Data>;
}

/** A token as a client presented it. */
interface PresentedToken extends Token {
  readonly value: string;
  /** Whether it was sealed under a key that is no longer the first. */
  readonly outdated: boolean;
}

/** Sessions by id: a token travels, the data stays in a storage. */
export class IdTracker<Data extends object> extends SessionTracker<Data> {
  readonly #tracking: IdTracking<Data>;
  readonly #settings: IdTrackerSettings<Data>;

  constructor(settings: IdTrackerSettings<Data>) {
    const tracking = new IdTracking(settings);
    super(tracking);
    this.#tracking = tracking;
    this.#settings = settings;
  }

  async find(id: string): Promise<FoundSession<Data> | undefined> {
    const found = await this.#own(id);
    if (found === undefined || isOver(found.header, this.#settings.clock.now())) return undefined;
    const { header, data } = found;
    return { id, createdAt: new Date(header.createdAt), expiresAt: new Date(expiryOf(header)), data: data.value };
  }

  async invalidate(id: string, principal?: string): Promise<boolean> {
    if (principal !== undefined) {
      const owned = this.#owned;
      return isStorageId(id) && this.#tracking.noticed(id, () => owned.invalidate(principal, id));
    }
    const found = await this.#own(id);
    if (found === undefined || isOver(found.header, this.#settings.clock.now())) return false;
    const { records } = this.#tracking;
    const end = (): Promise<boolean> => this.#tracking.inLine(id, () => records.invalidate(id));
    const ended = await this.#tracking.noticed(id, end);
    if (ended) this.#tracking.observe({ type: 'destroyed', id });
    if (found.header.principal !== undefined) await this.#tracking.principals?.leave(found.header.principal, id);
    return ended;
  }

  list(principal: string): AsyncGenerator<PrincipalSession, void, undefined> {
    return this.#owned.list(principal);
  }

  async invalidateAll(principal: string, except?: string): Promise<number> {
    // What cannot be an id is no session's
    return this.#owned.invalidateAll(principal, except !== undefined && isStorageId(except) ? except : undefined);
  }

  get #owned(): PrincipalSessions {
    const { owned } = this.#tracking;
    if (owned !== undefined) return owned;
    throw new TypeError(
      `Cannot use principal: the storage of "${this.#settings.name}" keeps no index of principals, use one that does`,
    );
  }

  /** A token's form, sealed or not: an instance that has no keys yet must not make clients forget sealed tokens. */
  protected isWellFormed(value: string): boolean {
    return this.#parse(value) !== undefined || isSealedText(value);
  }

  protected async lookUp(values: readonly string[]): Promise<readonly LookedUp<Data>[]> {
    const [only, ...more] = values;
    // Nearly always: to sort one value and tell it apart takes 0.6 us
    if (only !== undefined && more.length === 0) return [await this.#find(this.#open(only))];
    const tokens = values.map((value) => this.#open(value));
    // Of two seals of one token, the one that need not be issued anew
    const inOrder = tokens.toSorted((one, other) => Number(other?.outdated) - Number(one?.outdated));
    const distinct = new Map(inOrder.map((token, index) => [token === undefined ? index : formatToken(token), token]));
    return Promise.all([...distinct.values()].map((token) => this.#find(token)));
  }

  /** Reads a session that is of this kind, and not another's in the same storage. */
  async #own(id: string): Promise<OwnSession<Data> | undefined> {
    if (!isStorageId(id)) return undefined;
    try {
      const record = await this.#read(id, true);
      if (record?.header.name !== this.#settings.name) return undefined;
      return { header: record.header, data: new SessionData(this.#settings.shape, record.payload, record.header) };
    } catch (error) {
      if (error instanceof SessionDecodeError) return undefined;
      throw error;
    }
  }

  #parse(text: string): Token | undefined {
    return parseToken(text, this.#settings.generateId !== undefined);
  }

  #open(value: string): PresentedToken | undefined {
    const { chain } = this.#settings;
    const opened = chain === undefined ? undefined : chain.open(value);
    const text = chain === undefined ? value : opened && Buffer.from(opened.bytes).toString('latin1');
    const token = text === undefined ? undefined : this.#parse(text);
    return token && { id: token.id, secret: token.secret, value, outdated: opened?.outdated === true };
  }

  async #find(token: PresentedToken | undefined): Promise<LookedUp<Data>> {
    if (token === undefined) return { refusal: 'signature' };
    const { id } = token;
    try {
      let record = await this.#read(id, false);
      let found = this.#check(token, record);
      // Another node may have touched it, or replaced its secret, since it was cached
      if ('refusal' in found && record?.cached === true) {
        record = await this.#read(id, true);
        found = this.#check(token, record);
      }
      if (record !== undefined && 'refusal' in found && found.refusal === 'expired') this.#expire(token, record);
      return found;
    } catch (error) {
      return { id, refusal: refusalOf(error) };
    }
  }

  #read(id: string, fresh: boolean): Promise<KnownRecord | undefined> {
    return this.#tracking.noticed(id, () => this.#tracking.records.read(id, fresh));
  }

  /** Ends a record whose storage has not forgotten it, for whoever may use it. Nobody waits for that, as for a touch. */
  #expire({ id, secret }: Token, record: KnownRecord): void {
    if (!isSameHash(record.header.secretHash, hashOf(secret))) return;
    const { records, underway } = this.#tracking;
    const { version } = record;
    const end = async (): Promise<void> => {
      const write = (): Promise<WriteResult> => records.write(id, endedRecord(record), { version });
      const { written } = await this.#tracking.noticed(id, write);
      if (written) this.#tracking.observe({ type: 'expired', id });
    };
    void underway.add(end().catch(() => {}));
  }

  #check(token: PresentedToken, record: KnownRecord | undefined): LookedUp<Data> {
    const { id, secret, value, outdated } = token;
    const refused = (refusal: RefusalReason): LookedUp<Data> => ({ id, refusal });
    if (record === undefined) return refused('unknown');
    const { header } = record;
    const now = this.#settings.clock.now();
    if (header.name !== this.#settings.name) return refused('other session');
    if (isOver(header, now)) return refused('expired');
    const presented = hashOf(secret);
    if (isSameHash(header.secretHash, presented)) {
      const known = { token: { id, secret }, record, presented: { outdated } };
      return {
        id,
        presented: value,
        data: new SessionData(this.#settings.shape, record.payload, record.header),
        stand: (session) => new StoredStanding(session, this.#tracking, known),
      };
    }
    const { previous } = header;
    const wasReplaced = previous !== undefined && now < previous.until && isSameHash(previous.hash, presented);
    if (!wasReplaced) return refused('secret');
    return { id, refusal: 'previous secret', closes: 'its secret was replaced a moment ago' };
  }
}
