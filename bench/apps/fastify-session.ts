import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AppFactory } from './app-spec.js';
import { nestApp } from './nest-app.js';
import { peerStore } from './peer-stores.js';
import { PropertySessionController } from './property-session.controller.js';

/** `@fastify/session` with its own store in memory, else with the stores of express-session, as its README says. */
export const fastifySessions: AppFactory = async (spec, count) => {
  const app = (await nestApp('fastify', { controllers: [PropertySessionController] })) as NestFastifyApplication;
  const isItsOwn = spec.kind === 'memory' && count === undefined;
  await app.register(fastifyCookie);
  await app.register(fastifySession, {
    secret: 'a secret with minimum length of 32 characters',
    // As its README says for what is not HTTPS
    cookie: { secure: false },
    saveUninitialized: false,
    ...(!isItsOwn && { store: (await peerStore(spec, count)) as never }),
  });
  return app;
};
