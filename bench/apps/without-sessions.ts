import { Controller, Get, type CallHandler, type NestInterceptor } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import type { Observable } from 'rxjs';
import type { AppFactory } from './app-spec.js';
import { nestApp } from './nest-app.js';

class EmptyInterceptor implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

@Controller()
class PlainController {
  @Get('plain')
  plain(): string {
    return 'Hello World!';
  }

  @Get('read')
  read(): object {
    return { count: 100_000 };
  }

  @Get('change')
  change(): object {
    return { count: 100_000 };
  }

  @Get('create')
  create(): object {
    return { count: 100_000 };
  }
}

/** The app that all others are compared with: the same routes, and no sessions. */
export const withoutSessions: AppFactory = ({ platform }) => nestApp(platform, { controllers: [PlainController] });

/** The same with one global interceptor that does nothing: Nest's own price for having one. */
export const emptyInterceptor: AppFactory = ({ platform }) =>
  nestApp(platform, {
    controllers: [PlainController],
    providers: [{ provide: APP_INTERCEPTOR, useClass: EmptyInterceptor }],
  });
