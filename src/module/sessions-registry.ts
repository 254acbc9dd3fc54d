import {
  Inject,
  Injectable,
  Logger,
  type ArgumentsHost,
  type HttpServer,
  type NestInterceptor,
  type OnModuleInit,
} from '@nestjs/common';
import { SessionNotRegisteredError } from '../errors.js';
import { Exchange, type ExchangeLog } from '../http/exchange.js';
import type { AppSession } from './app-session.js';
import { findSession, type NamedSession, type SessionTarget } from './find-session.js';
import {
  linkResponses,
  rawRequest,
  rawResponse,
  responseOf,
  type SessionRequest,
  type SessionResponse,
} from './platform.js';
import { SessionsImports } from './sessions-imports.js';

/** An exchange, and the app whose sessions it is about; private, so that whoever prints a request prints nothing of them. */
class Attached {
  readonly #registry: SessionsRegistry;
  readonly #exchange: Exchange;

  constructor(registry: SessionsRegistry, exchange: Exchange) {
    this.#registry = registry;
    this.#exchange = exchange;
  }

  get registry(): SessionsRegistry {
    return this.#registry;
  }

  get exchange(): Exchange {
    return this.#exchange;
  }
}

/** Where a raw request keeps its exchange: a property for the reason that the gate's keeper is one. */
const ATTACHED = Symbol('nest-sessions:exchange');

interface AttachedRequest {
  [ATTACHED]?: Attached;
}

const registries = new WeakMap<object, SessionsRegistry>();

/** All sessions of one app. */
@Injectable()
export class SessionsRegistry implements ExchangeLog, OnModuleInit {
  /** What stands on handlers that declare a session, where the app has no interceptor on all. */
  declaredInterceptor: NestInterceptor | undefined;
  readonly #logger = new Logger('Sessions');
  /** Those that the app will have, built or not: what a missing name means must not depend on the order of building. */
  readonly #known: NamedSession[];
  readonly #built = new Map<string, AppSession>();

  constructor(@Inject(SessionsImports) { sessions }: Pick<SessionsImports, 'sessions'>) {
    this.#known = [...sessions];
  }

  /** The app that handles a request now; `undefined` when it has no sessions, or none was asked for yet. */
  static of(request: SessionRequest): Attached | undefined {
    return (rawRequest(request) as AttachedRequest)[ATTACHED];
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

  /** Those that are built so far; all, when modules are initialized. */
  get sessions(): readonly AppSession[] {
    return [...this.#built.values()];
  }

  /**
   * Adds a session.
   *
   * @throws {TypeError} when it cannot be told apart from another
   */
  add(session: AppSession): void {
    this.#assertApart(session);
    this.#built.set(session.name, session);
    // A module that is loaded later, by Nest's LazyModuleLoader
    if (!this.#known.some(({ name }) => name === session.name)) this.#known.push(session);
  }

  /**
   * Finds a session.
   *
   * @throws {SessionNotRegisteredError} when there is none, or the name is missing among several
   */
  get(target: SessionTarget): AppSession {
    const { name } = findSession(this.#known, target);
    const session = this.#built.get(name);
    if (session !== undefined) return session;
    throw new SessionNotRegisteredError(
      `Cannot use session: "${name}" is not built yet: use it from onModuleInit() on, not in constructors`,
    );
  }

  /** Nest passes in silence over a provider that is built for each request. */
  onModuleInit(): void {
    const missing = this.#known.find(({ name }) => !this.#built.has(name));
    if (missing === undefined) return;
    throw new TypeError(
      `Cannot start SessionsModule: session "${missing.name}" was not built: its storage, and what that injects, must not be request-scoped`,
    );
  }

  /** The exchange of a request; `undefined` as long as nobody has asked this app for one. */
  attached(request: SessionRequest): Exchange | undefined {
    const found = SessionsRegistry.of(request);
    return found?.registry === this ? found.exchange : undefined;
  }

  /** The exchange of a request and its response, made when it is first asked for. */
  exchange(request: SessionRequest, response: SessionResponse): Exchange {
    const found = this.attached(request);
    if (found !== undefined) {
      found.know(request);
      return found;
    }
    const raw = rawRequest(request);
    const exchange = new Exchange(raw, request, rawResponse(response), this);
    (raw as AttachedRequest)[ATTACHED] = new Attached(this, exchange);
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
    const found = this.attached(at);
    if (found !== undefined) return found;
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

  /** Refuses a session that somebody could take for another: in code, or in what a client sends. */
  #assertApart({ name, type, header }: AppSession): void {
    for (const other of this.#built.values()) {
      if (other.name === name) {
        throw new TypeError(
          `Cannot start SessionsModule: two sessions are named "${name}": rename one, or let modules import one result of forFeature()`,
        );
      }
      if (type !== undefined && other.type === type) {
        throw new TypeError(
          `Cannot start SessionsModule: two sessions, "${other.name}" and "${name}", have the class ${type.name}: extend the class`,
        );
      }
      // Whatever the schemes: a response has room for one
      if (header !== undefined && header.name.toLowerCase() === other.header?.name.toLowerCase()) {
        throw new TypeError(
          `Cannot start SessionsModule: two sessions, "${other.name}" and "${name}", travel in the header ${header.name}: name another`,
        );
      }
    }
  }
}

/** The error of whoever asks for a session where there is no HTTP request. */
export function notHttp(type: string): SessionNotRegisteredError {
  return new SessionNotRegisteredError(
    `Cannot use session: @Session() works in HTTP handlers, this is "${type}": use SessionsService.of(request) or find(id)`,
  );
}

/** Whether an error is told of elsewhere: a storage's as an event, a conflict to the client. */
function isExpected(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status !== 500;
}
