/** The stable codes of `SessionError`s; what programs branch on, since messages may be reworded. */
export type SessionErrorCode =
  | 'ERR_SESSION_STORAGE'
  | 'ERR_SESSION_CONFLICT'
  | 'ERR_SESSION_ENDED'
  | 'ERR_SESSION_LIMIT'
  | 'ERR_SESSION_COMMITTED'
  | 'ERR_SESSION_TOO_LARGE'
  | 'ERR_SESSION_DECODE'
  | 'ERR_SESSION_NOT_REGISTERED'
  | 'ERR_SESSION_NOT_SERIALIZABLE';

/** What a `SessionError` may carry beside its message. */
export interface SessionErrorOptions {
  /** The error underneath, of the storage's driver for instance. */
  readonly cause?: unknown;
  /** The public id of the session concerned; never its secret. */
  readonly id?: string;
}

/**
 * An error of a session at run time. Messages carry no secret, token, key or data.
 *
 * `status`, `statusCode` and `expose` are the signature of the `http-errors` package: wherever one is thrown (guard,
 * middleware, filter), Nest's own exception filter answers with that status. A 500 stays an error of the server: logged, and
 * answered without its message.
 */
export abstract class SessionError extends Error {
  /** What programs branch on: it does not change with the message. */
  abstract readonly code: SessionErrorCode;
  /** The HTTP status that tells a client of this error. */
  abstract readonly status: number;
  /** The public id of the session concerned; `undefined` when none is known. */
  readonly id: string | undefined;

  constructor(message: string, options: SessionErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.id = options.id;
  }

  /** As `status`; `undefined` for a mistake of the app's (500), which no filter shall take for an answer to a client. */
  get statusCode(): number | undefined {
    return this.status === 500 ? undefined : this.status;
  }

  /** Whether a client may read the message: not that of a server's fault. */
  get expose(): boolean {
    return this.status < 500;
  }
}

/** A storage failed, did not answer within `storageTimeout`, or may not be waited for: 503, and nothing is known to be stored. */
export class SessionStorageError extends SessionError {
  readonly code = 'ERR_SESSION_STORAGE';
  readonly status = 503;
}

/** Somebody else changed what this request would change, and it can not be merged: 409, and nothing was stored. */
export class SessionConflictError extends SessionError {
  readonly code = 'ERR_SESSION_CONFLICT';
  readonly status = 409;
}

/** The session ended (logout, expiry) while this request used it: 409, and nothing was stored. */
export class SessionEndedError extends SessionError {
  readonly code = 'ERR_SESSION_ENDED';
  readonly status = 409;
}

/** The principal has as many sessions as `limit` allows, and it is to reject: 409, and nothing was stored. */
export class SessionLimitError extends SessionError {
  readonly code = 'ERR_SESSION_LIMIT';
  readonly status = 409;
}

/** A change came after the first byte of the response, when its token could not be sent any more: 500, nothing was stored. */
export class SessionCommittedError extends SessionError {
  readonly code = 'ERR_SESSION_COMMITTED';
  readonly status = 500;
}

/** A session is larger than its serializer, its storage or, by value, its cookie takes: 500, and what was stored stays. */
export class SessionTooLargeError extends SessionError {
  readonly code = 'ERR_SESSION_TOO_LARGE';
  readonly status = 500;
}

/** Stored bytes are not a record, or not one that this version reads. */
export class SessionDecodeError extends SessionError {
  readonly code = 'ERR_SESSION_DECODE';
  readonly status = 500;
}

/** A session was asked for that this app did not register, or where there is no HTTP request. */
export class SessionNotRegisteredError extends SessionError {
  readonly code = 'ERR_SESSION_NOT_REGISTERED';
  readonly status = 500;
}

/** The data holds a value that the serializer would not give back: 500, and what was stored stays. */
export class SessionNotSerializableError extends SessionError {
  readonly code = 'ERR_SESSION_NOT_SERIALIZABLE';
  readonly status = 500;
}
