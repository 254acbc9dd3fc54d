import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpStatus,
  Inject,
  UnauthorizedException,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/** Shows the sign-in page to a visitor whom `AuthGuard` did not let through, and there remembers the page they wanted. */
@Catch(UnauthorizedException)
export class SignInFilter implements ExceptionFilter<UnauthorizedException> {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(_error: UnauthorizedException, context: ArgumentsHost): void {
    const http = context.switchToHttp();
    const { method, url } = http.getRequest<{ method: string; url: string }>();
    const query = method === 'GET' ? `?returnTo=${encodeURIComponent(url)}` : '';
    this.host.httpAdapter.redirect(http.getResponse(), HttpStatus.SEE_OTHER, `/login${query}`);
  }
}
