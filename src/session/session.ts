/** What anybody may know of a session: safe to log and to show. */
export interface SessionFacts {
  /** The public id: the storage's key, never enough to use the session. */
  readonly id: string;
  readonly createdAt: Date;
  /** When the session ends if nobody uses it any more: the nearer of its idle and its absolute deadline. */
  readonly expiresAt: Date;
}

/** What a principal may know of one of their sessions. */
export interface PrincipalSession extends SessionFacts {
  /** When it was used last, as closely as `touchAfter` says. */
  readonly lastUsedAt: Date;
  /** What its client is called; `undefined` when it was given no name. */
  readonly label: string | undefined;
}

/** What `regenerate()` keeps and starts anew. */
export interface RegenerateOptions<Data extends object = Record<string, unknown>> {
  /** Which of the stored and changed keys stay: all (default), none, or those listed. `principal` and `label` stay with all only. */
  readonly keep?: 'all' | 'none' | readonly (keyof Data)[];
  /** Whether the absolute timeout starts anew; default `true`. */
  readonly restart?: boolean;
}

/**
 * One client's typed data over many requests, as one request sees it.
 *
 * What changes in `data` is stored by itself before the first byte of the response leaves; the methods are for what has to
 * happen earlier, or atomically. Every method may reject with `SessionStorageError` (503) when the storage fails or takes
 * longer than `storageTimeout`; what was stored then stays.
 *
 * A session by value (`clientSide`) is kept by its client: to store it is to send it with the response, which rejects with
 * `SessionTooLargeError` when it does not fit and with `SessionCommittedError` once the response has begun. What each method
 * cannot promise then is said with it.
 */
export interface Session<Data extends object = Record<string, unknown>> extends SessionFacts {
  /** Whether nobody has stored it yet: the client brought no session, or it was destroyed. */
  readonly isNew: boolean;

  /**
   * The data: an ordinary object of the session's class, for reading and for changing, however deep. Assigning replaces all
   * keys; a plain object is copied into a new one of the class. A removed key reads as its class's default next time.
   *
   * @throws {TypeError} when something else than an object is assigned
   */
  data: Data;

  /**
   * Whose session it is: the user's id, set at login and stored with the data; `undefined`, the default, for nobody's. By it
   * `SessionsService` lists and ends sessions, and `limit` counts them. It is refused with `SessionConflictError` (409) when
   * `invalidateAll()` has ended the principal's sessions since this request came to its session, and with `SessionLimitError`
   * (409) when there are too many.
   *
   * @throws {TypeError} when it is set to something else than a text of 1 to 255 characters or `undefined`; by value, and where
   * the storage keeps no index of principals
   */
  principal: string | undefined;

  /**
   * What its client is called, such as "Firefox on Linux", for who sees a list of their sessions; `undefined` by default.
   *
   * @throws {TypeError} when it is set to something else than a text of 1 to 255 characters or `undefined`; by value
   */
  label: string | undefined;

  /**
   * Stores what changed now: for streams that stay open long, and for work that must not start before it is stored.
   * Nothing happens when nothing changed.
   *
   * @throws {SessionEndedError} when the session ended meanwhile
   * @throws {SessionConflictError} when the secret was replaced meanwhile, or conflicts outlast `storageTimeout`
   * @throws {SessionCommittedError} when the session is new and the response has begun: its token could not be sent
   * @throws {SessionNotSerializableError} when the serializer would not give a value back
   */
  save(): Promise<void>;

  /**
   * Reads the session again, past every cache, and drops what this request changed and did not store. By value it is as the
   * client sent it, or as this request has stored it.
   *
   * @throws {SessionEndedError} when the session ended meanwhile
   * @throws {SessionConflictError} when the secret was replaced meanwhile
   */
  reload(): Promise<void>;

  /**
   * Gives the session a new secret and stores it at once with all changes, in one conditional write; the old secret is dead
   * in that instant. Call it whenever rights change: at login, above all. Without a stored record it writes nothing; if the
   * record ended meanwhile it becomes a new session. By value the session gets a new id in place of the secret, and the old
   * value is dead only with `revocation`.
   *
   * @throws {SessionConflictError} when another request has replaced the secret first
   * @throws {SessionCommittedError} when the response has begun: the new token could not be sent
   * @see ASVS 5.0, 7.2.4: a new session token on authentication
   */
  regenerate(options?: RegenerateOptions<Data>): Promise<void>;

  /**
   * Ends the session for every request, now, and clears the client's token. What is set in `data` afterwards starts a new
   * session under a new id. Without a session it does nothing; likewise when its secret was replaced meanwhile.
   *
   * @see ASVS 5.0, 7.4.1: logout ends the session at the server
   */
  destroy(): Promise<void>;

  /**
   * Changes the data atomically: `change` gets the data as it is stored this moment (with this request's own changes), and
   * what it leaves is stored if nobody wrote meanwhile; else it is called again on newer data. By value it is called once, on
   * the data that this request has: what another request does meanwhile, the last response to arrive overwrites.
   *
   * @param change works in place, synchronously; it must be pure, since it may be called several times
   * @returns the data after the change
   * @throws {TypeError} when `change` returns a promise
   * @throws {SessionEndedError} when the session ended meanwhile
   * @throws {SessionConflictError} when the secret was replaced meanwhile, or conflicts outlast `storageTimeout`
   */
  update(change: (data: Data) => unknown): Promise<Data>;

  /**
   * Reads a key and removes it, exactly once over all requests and nodes: for flash messages, nonces, one-time tokens. By
   * value once a request only: who sends the same value again takes the same again.
   *
   * @returns the stored value; `undefined` when the key is not stored, is taken already, or the session has ended
   * @throws {SessionConflictError} when the secret was replaced meanwhile, or conflicts outlast `storageTimeout`
   */
  take<Key extends keyof Data>(key: Key): Promise<Data[Key] | undefined>;
}
