import {
  HttpException,
  Inject,
  Injectable,
  StreamableFile,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Observable } from 'rxjs';
import { SessionError, SessionStorageError } from '../errors.js';
import type { Exchange } from '../http/exchange.js';
import { messageOf } from '../http/failure.js';
import type { SessionRequest, SessionResponse } from './platform.js';
import { SessionHandlers } from './session-handlers.js';
import type { AppSession } from './app-session.js';
import { SessionsRegistry } from './sessions-registry.js';

/**
 * Loads the sessions that a handler declared before its parameters are made, and commits them when it has finished, before
 * the platform replies: so that a failure of either goes through the app's exception filters.
 */
@Injectable()
export class SessionsInterceptor implements NestInterceptor {
  constructor(
    @Inject(SessionsRegistry) private readonly registry: SessionsRegistry,
    @Inject(SessionHandlers) private readonly handlers: SessionHandlers,
  ) {
    if (handlers.mode === 'declared') registry.declaredInterceptor = this;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> | Promise<Observable<unknown>> {
    if (context.getType<string>() !== 'http') return next.handle();
    const handler = context.getHandler();
    const declared = this.handlers.sessionsOf(handler);
    if (declared !== undefined) return this.#load(context, declared, next);
    const http = context.switchToHttp();
    const request = http.getRequest<SessionRequest>();
    return committed(next.handle(), this.handlers.answersItself(handler), (error) =>
      error instanceof SessionStorageError
        ? this.registry.exchange(request, http.getResponse<SessionResponse>())
        : this.registry.attached(request),
    );
  }

  async #load(
    context: ExecutionContext,
    declared: readonly AppSession[],
    next: CallHandler,
  ): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const exchange = this.registry.exchange(http.getRequest<SessionRequest>(), http.getResponse<SessionResponse>());
    try {
      await Promise.all(declared.map((session) => exchange.load(session)));
    } catch (error) {
      throw forFilters(error);
    }
    return committed(next.handle(), this.handlers.answersItself(context.getHandler()), () => exchange);
  }
}

/**
 * Lets what a handler gives complete only when its sessions are stored.
 *
 * @param answersItself whether the answer is the handler's own affair and may come later: then the gate commits
 * @param exchange that of the request, if somebody has asked for a session, or has met this error of a storage
 */
function committed(
  source: Observable<unknown>,
  answersItself: boolean,
  exchange: (error?: unknown) => Exchange | undefined,
): Observable<unknown> {
  return new Observable((subscriber) => {
    let last: unknown;
    return source.subscribe({
      next: (value) => subscriber.next((last = value)),
      error: (error) => {
        exchange(error)?.answeredWith(error);
        subscriber.error(forFilters(error));
      },
      complete: () => {
        const commit = answersItself || isStream(last) ? undefined : exchange()?.commit();
        if (commit === undefined) subscriber.complete();
        else
          commit.then(
            () => subscriber.complete(),
            (error: unknown) => subscriber.error(forFilters(error)),
          );
      },
    });
  });
}

/** Whether nobody listens for a value's errors until the platform has it: then the gate commits, without delay here. */
function isStream(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return (
    value instanceof StreamableFile ||
    value instanceof Response ||
    'pipe' in value ||
    'getReader' in value ||
    Symbol.asyncIterator in value
  );
}

/** What exception filters know how to answer; errors that are somebody's mistake stay themselves, so that they are logged. */
function forFilters(error: unknown): unknown {
  if (!(error instanceof SessionError) || error.status === 500) return error;
  return new HttpException(messageOf(error), error.status, { cause: error });
}
