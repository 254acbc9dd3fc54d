import { setImmediate } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import { inject, type DispatchFunc } from 'light-my-request';
import type { Injection } from './app-process.js';

/** What answers the requests of an app, without a socket. */
export async function dispatcherOf(app: INestApplication): Promise<DispatchFunc> {
  const instance = app.getHttpAdapter().getInstance() as object;
  if (!('routing' in instance)) return instance as DispatchFunc;
  const fastify = instance as { ready(): Promise<void>; routing: DispatchFunc };
  await fastify.ready();
  return fastify.routing;
}

/** Asks an app for a path so many times, one after the other, by who has no cookie or this one. */
export async function injectTimes(dispatch: DispatchFunc, { path, cookie, times }: Injection): Promise<void> {
  const headers = cookie === undefined ? {} : { cookie };
  for (let time = 0; time < times; time++) {
    await inject(dispatch, { url: path, headers });
    // Without a turn of the loop nothing of a request is freed, and the collector's work drowns the rest
    await setImmediate();
  }
}
