import { Logger, type ArgumentsHost, type HttpServer, type NestInterceptor, type Type } from '@nestjs/common';
import type { Clock } from '../common/clock.js';
import { SessionNotRegisteredError } from '../errors.js';
import { Exchange, type ExchangeLog, type RawRequest } from '../http/exchange.js';
import type { RegisteredSession } from '../http/registered-session.js';
import { DataShape } from '../session/data-shape.js';
import type { SessionStorage } from '../storage/session-storage.js';
import { IdTracker } from '../tracker/id-tracker.js';
import type { SessionObserver } from '../tracker/session-event.js';
import { CookieTransport } from '../transport/cookie-transport.js';
import {
  linkResponses,
  rawRequest,
  rawResponse,
  responseOf,
  type SessionRequest,
  type SessionResponse,
} from './platform.js';
import { assertStorage } from './storage-providers.js';
import type { SessionDefinition } from './session-definition.js';

/** What names a session: its class, its name, or nothing where there is one. */
export type SessionTarget = Type<object> | string | undefined;

/** A session of this app. */
export interface AppSession extends RegisteredSession {
  readonly type: Type<object> | undefined;
  readonly tracker: IdTracker<object>;
  readonly storage: SessionStorage;
}

/** An exchange, and the app whose sessions it is about. */
interface Attached {
  readonly registry: SessionsRegistry;
  readonly exchange: Exchange;
}

const attached = new WeakMap<RawRequest, Attached>();
const registries = new WeakMap<object, SessionsRegistry>();

/** All sessions of one app. */
export class SessionsRegistry implements ExchangeLog {
  readonly sessions: readonly AppSession[];
  /** What stands on handlers that declare a session, where the app has no interceptor on all. */
  declaredInterceptor: NestInterceptor | undefined;
  readonly #logger = new Logger('Sessions');

  constructor(
    definitions: readonly SessionDefinition[],
    storages: readonly SessionStorage[],
    clock: Clock,
    observe: SessionObserver,
  ) {
    this.sessions = definitions.map((definition, index) => {
      const storage = storages[index] as SessionStorage;
      assertStorage(definition.name, storage);
      if (!storage.conditionalWrites) this.#warnOfRaces(definition.name);
      return appSession(definition, storage, clock, observe);
    });
  }

  /** The app that handles a request now; `undefined` when it has no sessions, or none was asked for yet. */
  static of(request: SessionRequest): Attached | undefined {
    return attached.get(rawRequest(request));
  }

  /** The sessions of a platform's application, or of the one that it was made from. */
  static in(application: object | null | undefined): SessionsRegistry | undefined {
    if (application === null || application === undefined) return undefined;
    return registries.get(application) ?? SessionsRegistry.in(Object.getPrototypeOf(application) as object | null);
  }

  /** Joins the platform's application. */
  join(adapter: HttpServer): void {
    linkResponses(adapter);
    registries.set(adapter.getInstance() as object, this);
  }

  /**
   * Finds a session.
   *
   * @throws {SessionNotRegisteredError} when there is none, or the name is missing among several
   */
  get(target: SessionTarget): AppSession {
    const [first, second] = this.sessions;
    if (target === undefined && first !== undefined && second === undefined) return first;
    const found = this.sessions.find(({ name, type }) => target !== undefined && (target === name || target === type));
    if (found !== undefined) return found;
    throw new SessionNotRegisteredError(`Cannot use session: ${this.#whyNot(target)}`);
  }

  /** The exchange of a request and its response, made when it is first asked for. */
  exchange(request: SessionRequest, response: SessionResponse): Exchange {
    const raw = rawRequest(request);
    const found = attached.get(raw);
    if (found?.registry === this) {
      found.exchange.know(request);
      return found.exchange;
    }
    const exchange = new Exchange(raw, request, rawResponse(response), this);
    attached.set(raw, { registry: this, exchange });
    return exchange;
  }

  /** The exchange at which a guard, a filter, a middleware stands. */
  exchangeAt(at: SessionRequest | ArgumentsHost): Exchange {
    if ('switchToHttp' in at) {
      const type = at.getType<string>();
      if (type !== 'http') throw notHttp(type);
      const http = at.switchToHttp();
      return this.exchange(http.getRequest<SessionRequest>(), http.getResponse<SessionResponse>());
    }
    const found = attached.get(rawRequest(at));
    if (found?.registry === this) return found.exchange;
    const response = responseOf(at);
    if (response === undefined) {
      throw new SessionNotRegisteredError(
        'Cannot use session: this is no request of the app: give the ExecutionContext or the HTTP request',
      );
    }
    return this.exchange(at, response);
  }

  failed(error: unknown): void {
    if (!isExpected(error)) this.#logger.error(error);
  }

  late(error: unknown): void {
    this.#logger.error(
      error instanceof Error ? `${error.name}: ${error.message}` : 'Cannot store session after the response began',
    );
  }

  #whyNot(target: SessionTarget): string {
    const names = this.sessions.map(({ name }) => `"${name}"`).join(', ');
    if (target === undefined) return `there are several, ${names}: name one, or give its class`;
    const asked = typeof target === 'string' ? `"${target}"` : `class ${target.name}`;
    return `${asked} is not registered: SessionsModule has ${names}`;
  }

  #warnOfRaces(name: string): void {
    this.#logger.warn(
      `The storage of session "${name}" has no conditional writes: this process orders its own, other processes may overwrite them`,
    );
  }
}

/** The error of whoever asks for a session where there is no HTTP request. */
export function notHttp(type: string): SessionNotRegisteredError {
  return new SessionNotRegisteredError(
    `Cannot use session: @Session() works in HTTP handlers, this is "${type}": use SessionsService.of(request) or find(id)`,
  );
}

function appSession(
  definition: SessionDefinition,
  storage: SessionStorage,
  clock: Clock,
  observe: SessionObserver,
): AppSession {
  const { name, type, cookie, serializer, transformer, timeouts, storageTimeout, generateId } = definition;
  const shape = new DataShape(serializer, type);
  const refreshes = cookie.maxAge !== undefined;
  const settings = {
    name,
    shape,
    storage,
    transformer,
    timeouts,
    storageTimeout,
    refreshes,
    generateId,
    clock,
    observe,
  };
  return {
    name,
    type,
    storage,
    transport: new CookieTransport(name, cookie, clock),
    tracker: new IdTracker<object>(settings),
  };
}

/** Whether an error is told of elsewhere: a storage's as an event, a conflict to the client. */
function isExpected(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status !== 500;
}
