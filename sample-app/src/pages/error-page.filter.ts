import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  HttpStatus,
  Inject,
  ServiceUnavailableException,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { SessionStorageError } from 'nest-sessions';
import { isApi } from '../api/is-api.js';
import { LookService } from '../preferences/look.service.js';

/** Answers with a page where Nest would answer with JSON, except to the API's clients: they get the JSON. */
@Catch(HttpException, SessionStorageError)
export class ErrorPageFilter implements ExceptionFilter<HttpException | SessionStorageError> {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(LookService) private readonly looks: LookService,
  ) {}

  async catch(thrown: HttpException | SessionStorageError, context: ArgumentsHost): Promise<void> {
    // That of a guard, which asked for the session first; what a handler meets is an HttpException already.
    const error = thrown instanceof HttpException ? thrown : new ServiceUnavailableException();
    const { httpAdapter } = this.host;
    const http = context.switchToHttp();
    const response: unknown = http.getResponse();
    const status = error.getStatus();
    if (isApi(http.getRequest<{ url: string }>())) {
      if (status === HttpStatus.UNAUTHORIZED.valueOf()) httpAdapter.setHeader(response, 'WWW-Authenticate', 'Bearer');
      httpAdapter.reply(response, error.getResponse(), status);
      return;
    }
    // The look is in the visitor's cookie: also a page that says that the storage is down has the right one.
    const look = await this.looks.of(context);
    httpAdapter.status(response, status);
    httpAdapter.render(response, 'error', { look, status, message: error.message });
  }
}
