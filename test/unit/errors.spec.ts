import { describe, expect, it } from 'vitest';
import * as errors from '../../src/errors.js';

describe('SessionError', () => {
  it.each([
    [errors.SessionStorageError, 'ERR_SESSION_STORAGE', 503],
    [errors.SessionConflictError, 'ERR_SESSION_CONFLICT', 409],
    [errors.SessionEndedError, 'ERR_SESSION_ENDED', 409],
    [errors.SessionCommittedError, 'ERR_SESSION_COMMITTED', 500],
    [errors.SessionDecodeError, 'ERR_SESSION_DECODE', 500],
    [errors.SessionNotRegisteredError, 'ERR_SESSION_NOT_REGISTERED', 500],
    [errors.SessionNotSerializableError, 'ERR_SESSION_NOT_SERIALIZABLE', 500],
  ] as const)('%o has the stable code %s and the status %d', (Kind, code, status) => {
    const cause = new Error('underneath');
    const error = new Kind('message', { cause, id: 'an-id' });
    expect(error).toBeInstanceOf(errors.SessionError);
    expect(error).toMatchObject({
      name: Kind.name,
      code,
      status,
      statusCode: status === 500 ? undefined : status,
      message: 'message',
      cause,
      id: 'an-id',
    });
    expect(error.expose).toBe(status < 500);
  });

  it('has no cause and no id where none are given', () => {
    const error = new errors.SessionEndedError('message');
    expect(Object.hasOwn(error, 'cause')).toBe(false);
    expect(error.id).toBeUndefined();
  });
});
