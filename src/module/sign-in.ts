import type { INestApplicationContext, Type } from '@nestjs/common';
import type { Reply } from '../tracker/tracked-session.js';
import type { RequestFields } from '../transport/session-transport.js';
import { SessionsRegistry } from './sessions-registry.js';

/** Somebody who waits for an answer: all that a new session asks of one. */
const waiting: Reply = { state: 'open', outage: () => {} };

/**
 * Stores a new session as a request would, and tells how the next request brings it: a test need not go through a log-in.
 *
 * ```ts
 * const headers = await signIn(app, User, { userId: 7 });
 * await request(app.getHttpServer()).get('/profile').set(headers).expect(200);
 * const both = await signIn(app, Cart, { items: ['book'] }, headers); // one client with two sessions
 * ```
 *
 * @param app an application that imports `SessionsModule`; it need not listen yet
 * @param type the session's class or name
 * @param data what is assigned to the data of a new session; some of it must differ from the defaults of the class, since
 *   nothing is stored of a session that nobody changed
 * @param headers what the request has besides, of an earlier `signIn` for instance; default: nothing. `generateId` is given
 *   them as those of its request, and nothing else
 * @returns the header fields for `set()` of supertest, `headers` of `fetch` and their like
 * @throws {SessionNotRegisteredError} when there is no such session
 * @throws {SessionStorageError} when the storage fails
 * @throws {TypeError} when there is nothing to store
 */
export async function signIn<Data extends object = Record<string, unknown>>(
  app: INestApplicationContext,
  type: Type<Data> | string,
  data: Partial<NoInfer<Data>>,
  headers: RequestFields = {},
): Promise<Record<string, string>> {
  const { tracker, transport } = app.get(SessionsRegistry, { strict: false }).get(type);
  const session = await tracker.load([], { request: { headers }, reply: waiting });
  Object.assign(session.handle.data, data);
  await session.commit();
  const { outgoing } = session;
  if (typeof outgoing !== 'object') {
    throw new TypeError(
      'Cannot sign in: nothing is stored of a session without changes: give data beside the defaults',
    );
  }
  return transport.carry(outgoing.value, headers);
}
