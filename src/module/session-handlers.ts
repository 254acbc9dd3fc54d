import 'reflect-metadata';
import { Inject, Injectable, UseInterceptors, type OnModuleInit, type Type } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import type { AppSession } from './app-session.js';
import { DeclaredSessionsInterceptor } from './declared-sessions.interceptor.js';
import { declaredSessions } from './declared-sessions.js';
import { findSession, type SessionTarget } from './find-session.js';
import { SessionsImports, type InterceptorMode } from './sessions-imports.js';
import { SessionsRegistry } from './sessions-registry.js';

/** Nest's own metadata of handlers, under the same keys in 11 and 12: keys of parameters are `<kind>:<index>`. */
const ROUTE_ARGUMENTS = '__routeArguments__';
const PASSTHROUGH = '__responsePassthrough__';
const RESPONSE = '1:';
const NEXT = '2:';

type Handler = (...args: never[]) => unknown;

/** Handlers that carry the interceptor already: their metadata is shared by all apps of the process. */
const intercepted = new WeakSet<Handler>();

/**
 * Which handlers of this app declare which sessions. Found once, at start, before Nest builds its routes; a declaration that
 * cannot be served stops the app. The sessions themselves are there when all modules are built, before the first request.
 */
@Injectable()
export class SessionHandlers implements OnModuleInit {
  readonly mode: InterceptorMode;
  readonly #targets = new Map<unknown, readonly SessionTarget[]>();
  readonly #sessions = new Map<unknown, readonly AppSession[]>();
  readonly #answering = new Set<unknown>();

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(SessionsImports) private readonly imports: SessionsImports,
    @Inject(SessionsRegistry) private readonly registry: SessionsRegistry,
  ) {
    this.mode = imports.interceptor;
    for (const module of modules.values()) {
      for (const { metatype } of module.controllers.values()) {
        if (typeof metatype === 'function') this.#scan(metatype as Type<object>);
      }
    }
  }

  onModuleInit(): void {
    for (const [handler, targets] of this.#targets) {
      this.#sessions.set(handler, [...new Set(targets.map((target) => this.registry.get(target)))]);
    }
  }

  /** The sessions that a handler declared; `undefined` when it declared none. */
  sessionsOf(handler: unknown): readonly AppSession[] | undefined {
    return this.#sessions.get(handler);
  }

  /** Whether a handler answers by itself, through `@Res()`, when it likes: possibly after it has returned. */
  answersItself(handler: unknown): boolean {
    return this.#answering.has(handler);
  }

  #scan(controller: Type<object>): void {
    const prototype = controller.prototype as Record<string, Handler>;
    for (const name of new MetadataScanner().getAllMethodNames(prototype)) {
      const targets = declaredSessions(controller, name);
      const handler = prototype[name];
      if (handlesResponse(controller, name)) this.#answering.add(handler);
      if (targets.length === 0 || handler === undefined) continue;
      try {
        for (const target of targets) findSession(this.imports.sessions, target);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new TypeError(
          `Cannot start SessionsModule: ${controller.name}.${name}() declares a session that is not there: ${why}`,
          { cause: error },
        );
      }
      this.#targets.set(handler, targets);
      if (this.mode === 'declared') intercept(prototype, name, handler);
    }
  }
}

function intercept(prototype: object, name: string, handler: Handler): void {
  if (intercepted.has(handler)) return;
  intercepted.add(handler);
  UseInterceptors(new DeclaredSessionsInterceptor())(prototype, name, { value: handler });
}

/** Whether Nest leaves the answer to a handler: it injects the response or `next()`, and not with `passthrough`. */
function handlesResponse(controller: Type<object>, method: string): boolean {
  const parameters = (Reflect.getMetadata(ROUTE_ARGUMENTS, controller, method) ?? {}) as object;
  const injects = Object.keys(parameters).some((key) => key.startsWith(RESPONSE) || key.startsWith(NEXT));
  return injects && Reflect.getMetadata(PASSTHROUGH, controller, method) !== true;
}
