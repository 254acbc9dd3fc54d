import { setImmediate } from 'node:timers/promises';
import { Controller, Get, Module, type CallHandler, type ModuleMetadata, type NestInterceptor } from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { inject, type DispatchFunc } from 'light-my-request';
import type { Observable } from 'rxjs';
import type { Candidate } from './rounds.js';

/** A Nest platform. */
export type Platform = 'express' | 'fastify';

class EmptyInterceptor implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

/** One global interceptor that does nothing: Nest's own price for having one. */
export const emptyInterceptor = { provide: APP_INTERCEPTOR, useClass: EmptyInterceptor };

/** An app whose one route says hello, called in process, without a socket. */
export async function helloApp(
  name: string,
  platform: Platform,
  metadata: ModuleMetadata,
): Promise<Candidate & AsyncDisposable> {
  @Controller()
  class HelloController {
    @Get()
    hello(): string {
      return 'Hello World!';
    }
  }

  @Module({ ...metadata, controllers: [HelloController] })
  class HelloModule {}

  const adapter = platform === 'fastify' ? [new FastifyAdapter()] : [];
  const app = await NestFactory.create(HelloModule, ...(adapter as []), { logger: false });
  await app.init();
  const dispatch = await dispatcher(app.getHttpAdapter().getInstance() as object);
  return {
    name,
    async run(times) {
      for (let time = 0; time < times; time++) {
        await inject(dispatch, { url: '/' });
        // Without a turn of the loop nothing of a request is freed, and the collector's work drowns the rest
        await setImmediate();
      }
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}

async function dispatcher(instance: object): Promise<DispatchFunc> {
  if (!('routing' in instance)) return instance as DispatchFunc;
  const fastify = instance as { ready(): Promise<void>; routing: DispatchFunc };
  await fastify.ready();
  return fastify.routing;
}
