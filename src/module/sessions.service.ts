import { Inject, Injectable, type ArgumentsHost, type Type } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { PrincipalSession } from '../session/session.js';
import type { FoundSession } from '../tracker/session-tracker.js';
import type { SessionEvent } from '../tracker/session-event.js';
import type { SessionRequest } from './platform.js';
import type { Session } from './session.decorator.js';
import { SessionEvents } from './session-events.js';
import { SessionsRegistry } from './sessions-registry.js';

/** Sessions of one principal. */
export interface OfPrincipal {
  /** Whose: as it was assigned to `session.principal`. */
  readonly principal: string;
  /** The session's class or name; may be missing where there is one session. */
  readonly type?: Type<object> | string;
}

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
   * @param of the session's class or name; may be missing where there is one session. Or that, and the principal whose session it
   * must be, for a user who ends one of their own: another's is left alone
   * @returns whether there was one; by value, whether nobody had ended it before
   * @throws {SessionNotRegisteredError} when there is no such session
   * @throws {TypeError} for a session by value without revocation; for a principal, where it is not kept whose sessions are
   * @throws {SessionStorageError} when the storage fails
   */
  async invalidate(id: string, of?: Type<object> | string | OfPrincipal): Promise<boolean> {
    if (typeof of !== 'object') return this.registry.get(of).tracker.invalidate(id);
    return this.registry.get(of.type).tracker.invalidate(id, principalOf(of));
  }

  /**
   * Tells what a principal may know of their sessions that live now, in the order in which they became theirs: public facts,
   * neither secret nor data.
   *
   * ```ts
   * for await (const { id, lastUsedAt, label } of sessions.list({ principal: user.id })) devices.push({ id, lastUsedAt, label });
   * ```
   *
   * @returns sessions, read from the storage one by one; none when they have none
   * @throws {SessionNotRegisteredError} when there is no such session
   * @throws {TypeError} where it is not kept whose sessions are
   * @throws {SessionStorageError} when the storage fails; like the others, when the first is asked for
   */
  async *list(of: OfPrincipal): AsyncGenerator<PrincipalSession, void, undefined> {
    yield* this.registry.get(of.type).tracker.list(principalOf(of));
  }

  /**
   * Ends all sessions of a principal: when their password has changed, when an account is closed, to sign out everywhere. A
   * request that has begun by now cannot make its session theirs any more, since what it knows of them may be outdated.
   *
   * @param of whose; `except`: the id of the session that stays, mostly the one of this request
   * @returns how many it has ended
   * @throws {SessionNotRegisteredError} when there is no such session
   * @throws {TypeError} where it is not kept whose sessions are
   * @throws {SessionConflictError} when others change one of them all the time
   * @throws {SessionStorageError} when the storage fails: call it again, some may live
   * @see ASVS 5.0, 7.4.3: terminate other sessions after a change of authentication factors
   */
  async invalidateAll(of: OfPrincipal & { readonly except?: string }): Promise<number> {
    return this.registry.get(of.type).tracker.invalidateAll(principalOf(of), of.except);
  }
}

/** @throws {TypeError} when it is none: nobody's sessions are not somebody's */
function principalOf({ principal }: OfPrincipal): string {
  if (typeof principal === 'string' && principal !== '') return principal;
  throw new TypeError('Cannot use principal: it must be a text of 1 to 255 characters');
}
