import { randomBytes } from 'node:crypto';
import secureSession, { type Session } from '@fastify/secure-session';
import { Controller, Get, Param, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AppFactory } from './app-spec.js';
import { benchData, type BenchData } from './bench-data.js';
import { nestApp } from './nest-app.js';

interface SecureRequest {
  readonly session: Session<BenchData>;
}

@Controller()
class SecureController {
  @Get('plain')
  plain(): string {
    return 'Hello World!';
  }

  @Get('read')
  read(@Req() { session }: SecureRequest): object {
    return { count: session.get('count') };
  }

  @Get('change')
  change(@Req() { session }: SecureRequest): object {
    session.set('count', (session.get('count') ?? 0) + 1);
    return { count: session.get('count') };
  }

  @Get('create')
  create(@Req() request: SecureRequest): object {
    return this.fill(request, '1024');
  }

  @Get('fill/:bytes')
  fill(@Req() { session }: SecureRequest, @Param('bytes') bytes: string): object {
    const data = benchData(Number(bytes));
    for (const key of Object.keys(data) as (keyof BenchData)[]) session.set(key, data[key]);
    return { count: session.get('count') };
  }
}

/** `@fastify/secure-session`: encrypted, by libsodium. */
export const fastifySecureSession: AppFactory = async () => {
  const app = (await nestApp('fastify', { controllers: [SecureController] })) as NestFastifyApplication;
  await app.register(secureSession, { key: randomBytes(32), cookie: { path: '/' } });
  return app;
};
