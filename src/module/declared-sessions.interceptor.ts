import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { applicationOf } from './platform.js';
import { SessionsRegistry } from './sessions-registry.js';

/**
 * Stands on handlers that declare a session, for apps with `interceptor: 'declared'`. Handlers belong to classes, which
 * several apps of a process may share: it keeps nothing, finds the app by the request, and passes through in any other app.
 */
export class DeclaredSessionsInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> | Promise<Observable<unknown>> {
    if (context.getType<string>() !== 'http') return next.handle();
    const interceptor = SessionsRegistry.in(applicationOf(context))?.declaredInterceptor;
    return interceptor === undefined ? next.handle() : interceptor.intercept(context, next);
  }
}
