import { applyDecorators, UseFilters, UseGuards } from '@nestjs/common';
import { AuthGuard } from './auth.guard.js';
import { SignInFilter } from './sign-in.filter.js';

/** Keeps a controller or a handler for signed-in visitors; others are sent to the sign-in page. */
export const SignedIn = (): ClassDecorator & MethodDecorator =>
  applyDecorators(UseGuards(AuthGuard), UseFilters(SignInFilter));
