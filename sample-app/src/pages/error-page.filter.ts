import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { STATUS_CODES } from 'node:http';

/** Answers with a page where Nest would answer with JSON. */
@Catch(HttpException)
export class ErrorPageFilter implements ExceptionFilter<HttpException> {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(error: HttpException, context: ArgumentsHost): void {
    const { httpAdapter } = this.host;
    const response: unknown = context.switchToHttp().getResponse();
    const status = error.getStatus();
    httpAdapter.status(response, status);
    httpAdapter.render(response, 'error', { title: STATUS_CODES[status], message: error.message });
  }
}
