import { Inject, Injectable, type ArgumentsHost, type Type } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { FoundSession } from '../tracker/session-tracker.js';
import type { SessionEvent } from '../tracker/session-event.js';
import type { SessionRequest } from './platform.js';
import type { Session } from './session.decorator.js';
import { SessionEvents } from './session-events.js';
import { SessionsRegistry } from './sessions-registry.js';

/** Sessions outside of handlers' parameters: in guards, filters, middleware, jobs. */
@Injectable()
export class SessionsService {
  /**
   * What happens to sessions in this process, ids only: for audit logs and metrics. It tells what happens from the subscription
   * on, in the midst of it, and completes when the app has ended. An observer that fails is logged, and disturbs nobody.
   */
  readonly events: Observable<SessionEvent>;

  constructor(
    @Inject(SessionsRegistry) private readonly registry: SessionsRegistry,
    @Inject(SessionEvents) events: SessionEvents,
  ) {
    this.events = events.stream;
  }

  /**
   * The session of a request, the same object that `@Session()` injects; loaded when it is first asked for, and committed
   * like any other before the first byte of the response.
   *
   * @param at the context of a guard, interceptor or filter; or a request of Express or Fastify, or the raw one of a middleware
   * @param type the session's class or name; may be missing where there is one session
   * @throws {SessionNotRegisteredError} when there is no such session, or no HTTP request
   * @throws {SessionStorageError} when the storage fails
   */
  async of<Data extends object = Record<string, unknown>>(
    at: SessionRequest | ArgumentsHost,
    type?: Type<Data> | string,
  ): Promise<Session<Data>> {
    const session = this.registry.get(type);
    const { handle } = await this.registry.exchangeAt(at).load(session);
    return handle as Session<object> as Session<Data>;
  }

  /**
   * Reads a session by its public id, past every cache: a snapshot, without its secret. Changing it changes nothing.
   *
   * @param type the session's class or name; may be missing where there is one session
   * @returns `undefined` when there is none, or it has expired
   * @throws {SessionNotRegisteredError} when there is no such session
   * @throws {TypeError} for a session by value: nobody but its client has it
   * @throws {SessionStorageError} when the storage fails
   */
  async find<Data extends object = Record<string, unknown>>(
    id: string,
    type?: Type<Data> | string,
  ): Promise<FoundSession<Data> | undefined> {
    const found = await this.registry.get(type).tracker.find(id);
    return found as FoundSession<object> as FoundSession<Data> | undefined;
  }

  /**
   * Ends a session by its public id: its client is without it from the next request on.
   *
   * @param type the session's class or name; may be missing where there is one session
   * @returns whether there was one; by value, whether nobody had ended it before
   * @throws {SessionNotRegisteredError} when there is no such session
   * @throws {TypeError} for a session by value without revocation
   * @throws {SessionStorageError} when the storage fails
   */
  async invalidate(id: string, type?: Type<object> | string): Promise<boolean> {
    return this.registry.get(type).tracker.invalidate(id);
  }
}
