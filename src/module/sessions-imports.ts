import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { NamedSession } from './find-session.js';
import { SESSIONS_IMPORT } from './tokens.js';

/** Which handlers the interceptor is put on. */
export type InterceptorMode = 'global' | 'declared';

/** What one call of `forRoot()`, `forRootAsync()` or `forFeature()` brings to an app. */
export interface SessionsImport {
  readonly sessions: readonly NamedSession[];
  /** `undefined` in that of `forFeature()`. */
  readonly interceptor?: InterceptorMode;
}

/**
 * What all imports of `SessionsModule` bring to this app together. Nest knows its modules before it builds any provider: so
 * this is complete from the beginning, whatever the order in which storages and sessions are built.
 */
@Injectable()
export class SessionsImports {
  /** Those of the root first. */
  readonly sessions: readonly NamedSession[];
  readonly interceptor: InterceptorMode;

  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    const imports = [...modules.values()].flatMap(({ providers }) => {
      const provider = providers.get(SESSIONS_IMPORT);
      return provider === undefined ? [] : [provider.instance as SessionsImport];
    });
    const roots = imports.filter(({ interceptor }) => interceptor !== undefined);
    const features = imports.filter(({ interceptor }) => interceptor === undefined);
    if (roots.length > 1) {
      throw new TypeError(
        'Cannot start SessionsModule: it is imported by forRoot() or forRootAsync() more than once: name all sessions in one call, in "sessions", or register a session where it belongs by forFeature()',
      );
    }
    const { interceptor } = roots[0] ?? {};
    if (interceptor === undefined) {
      throw new TypeError(
        'Cannot start SessionsModule: it is imported without forRoot() or forRootAsync(), which forFeature() needs too: import one of them in the root module',
      );
    }
    this.interceptor = interceptor;
    this.sessions = [...roots, ...features].flatMap(({ sessions }) => sessions);
    if (this.sessions.length === 0) {
      throw new TypeError(
        'Cannot start SessionsModule: sessions must have one session at least, of forRoot(), forRootAsync() or forFeature(): received none',
      );
    }
  }
}
