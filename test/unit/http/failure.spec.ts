import { describe, expect, it } from 'vitest';
import * as errors from '../../../src/errors.js';
import { failureOf, messageOf } from '../../../src/http/failure.js';

const known: [error: Error, status: number, message: string][] = [
  [new errors.SessionStorageError('THE-REASON'), 503, 'Service Unavailable'],
  [new errors.SessionConflictError('told'), 409, 'told'],
  [new errors.SessionEndedError('told'), 409, 'told'],
  [new errors.SessionCommittedError('THE-REASON'), 500, 'Internal Server Error'],
  [new errors.SessionDecodeError('THE-REASON'), 500, 'Internal Server Error'],
  [new errors.SessionNotRegisteredError('THE-REASON'), 500, 'Internal Server Error'],
  [new errors.SessionNotSerializableError('THE-REASON'), 500, 'Internal Server Error'],
  [new Error('THE-REASON'), 500, 'Internal Server Error'],
];

describe('failureOf()', () => {
  it.each(known)(
    "answers %s with %d, and keeps the message of a server's fault to itself",
    (error, status, message) => {
      expect(messageOf(error)).toEqual({ statusCode: status, message });
      const failure = failureOf(error);
      expect(failure.status).toBe(status);
      expect(failure.headers).toEqual({ 'Content-Type': 'application/json; charset=utf-8' });
      expect(JSON.parse(failure.body)).toEqual({ statusCode: status, message });
    },
  );

  it.each([undefined, null, 'THE-REASON', 5, { status: 404 }])('answers %j with 500', (error) => {
    expect(failureOf(error)).toMatchObject({
      status: 500,
      body: '{"statusCode":500,"message":"Internal Server Error"}',
    });
  });
});
