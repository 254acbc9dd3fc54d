import { Inject, Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { systemClock } from '../common/clock.js';
import { SessionEvents } from './session-events.js';
import { SessionHandlers } from './session-handlers.js';
import { SessionsImports } from './sessions-imports.js';
import { SessionsInterceptor } from './sessions.interceptor.js';
import { SessionsRegistry } from './sessions-registry.js';
import { SessionsService } from './sessions.service.js';
import { StorageSweeper } from './storage-sweeper.js';
import { SESSIONS_CLOCK } from './tokens.js';

/** What an app has once, however many of its modules import `SessionsModule`. */
@Module({
  providers: [
    { provide: SESSIONS_CLOCK, useValue: systemClock },
    SessionsImports,
    SessionsRegistry,
    SessionEvents,
    SessionHandlers,
    SessionsInterceptor,
    SessionsService,
    StorageSweeper,
  ],
  exports: [SESSIONS_CLOCK, SessionsRegistry, SessionEvents, SessionsInterceptor, SessionsService],
})
export class SessionsCoreModule {
  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost, @Inject(SessionsRegistry) registry: SessionsRegistry) {
    host.init$.subscribe(() => registry.join(host.httpAdapter));
  }
}
