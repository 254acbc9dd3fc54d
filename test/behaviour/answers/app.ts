import {
  Catch,
  Controller,
  createParamDecorator,
  Get,
  HttpException,
  Module,
  type ArgumentsHost,
  type DynamicModule,
  type INestApplication,
  type LoggerService,
  type MiddlewareConsumer,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Session, SessionsModule, SessionsService, type SessionOptions } from 'nest-sessions';
import { NAME } from './answer.js';
import { Themed, visit, Visits, type Visit, type Visited, type VisitsOf } from './visits.js';
import type { Family, Platform } from './way.js';

/** How an app is built: without sessions, or with them and the interceptor put on in one of two ways. */
export type Sessions = 'none' | 'global' | 'declared';

/** Creates the app of some ways to answer; `how` its sessions are kept and travel; what it logs goes into `log`. */
export async function createApp(
  platform: Platform,
  family: Family,
  mode: Sessions,
  how: SessionOptions,
  log: string[],
): Promise<INestApplication> {
  const plain = mode === 'none';
  const visited: Visited = plain ? () => StandIn() : () => Session(Visits) as ParameterDecorator;
  @Module({})
  class AppModule {
    configure(consumer: MiddlewareConsumer): void {
      family.configure?.(consumer, app.get<VisitsOf>(SessionsService));
    }
  }
  const module: DynamicModule = {
    module: AppModule,
    imports: [plain ? withoutSessions() : withSessions(how, mode), ...(family.imports ?? [])],
    controllers: [basics(visited), ...(family.controllers?.(visited, platform) ?? [])],
    providers: [{ provide: APP_FILTER, useClass: FilterOnDemand }, ...(family.providers ?? [])],
  };
  const app: INestApplication = await NestFactory.create(module, adapterOf(platform, family), {
    forceCloseConnections: true,
    logger: new Log(log),
    abortOnError: false,
  });
  await family.prepare?.(app, platform, app.get<VisitsOf>(SessionsService));
  return app;
}

function adapterOf(platform: Platform, family: Family) {
  if (platform === 'express') return new ExpressAdapter();
  return new FastifyAdapter(family.http2 === true ? ({ http2: true } as object) : {});
}

function withSessions(how: SessionOptions, interceptor: 'global' | 'declared'): DynamicModule {
  return SessionsModule.forRoot({ type: Visits, name: NAME, ...how, interceptor });
}

@Module({})
class NoSessionsModule {}

/** What stands in for sessions: the same handlers run, and nobody remembers anything. */
function withoutSessions(): DynamicModule {
  const service = { of: async (): Promise<Visit> => ({ data: new Visits() }) };
  const provider = { provide: SessionsService, useValue: service };
  return { module: NoSessionsModule, global: true, providers: [provider], exports: [SessionsService] };
}

const StandIn = createParamDecorator((): Visit => ({ data: new Visits() }));

function basics(Visited: Visited): Type {
  @Controller()
  class Basics {
    @Get('bystander')
    bystander() {
      return 'no session here';
    }

    @Get('start')
    @Themed()
    start(@Visited() session: Visit) {
      return visit(session, 'started');
    }
  }
  return Basics;
}

/** The app's own filter for all errors, on requests that ask for it. */
@Catch()
class FilterOnDemand extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const asked = http.getRequest<{ headers: Record<string, unknown> }>().headers['x-filter'];
    if (asked === undefined) return super.catch(error, host);
    const response = http.getResponse<{ status(code: number): { send(body: object): void } }>();
    const status = error instanceof HttpException ? error.getStatus() : 500;
    response.status(status).send({ filtered: status });
  }
}

/** Keeps the lines that tell an operator of something. */
class Log implements LoggerService {
  readonly #lines: string[];

  constructor(lines: string[]) {
    this.#lines = lines;
  }

  log(): void {
    // Nothing is wrong.
  }

  warn(message: unknown, ...context: unknown[]): void {
    this.#lines.push(`warn ${lineOf(message)} ${lineOf(context.at(-1))}`);
  }

  error(message: unknown, ...context: unknown[]): void {
    this.#lines.push(`error ${lineOf(message)} ${lineOf(context.at(-1))}`);
  }
}

function lineOf(part: unknown): string {
  return part instanceof Error ? `${part.name}: ${part.message}` : String(part);
}
