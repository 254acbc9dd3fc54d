import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { User } from './user.js';

/** A request, of Express or Fastify, that `AuthGuard` let through. */
export interface SignedInRequest {
  user?: User;
}

/** Hands a handler behind `AuthGuard` the user who is signed in. */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext) => {
  return context.switchToHttp().getRequest<SignedInRequest>().user;
});
