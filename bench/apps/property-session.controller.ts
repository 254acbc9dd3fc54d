import { Controller, Get, Param, Req } from '@nestjs/common';
import { benchData, type BenchData } from './bench-data.js';

/** A request whose session is an object with the data as its properties: express-session, cookie-session, @fastify/session. */
interface SessionRequest {
  readonly session: BenchData;
}

/** Handlers as people write them over such a session. */
@Controller()
export class PropertySessionController {
  @Get('plain')
  plain(): string {
    return 'Hello World!';
  }

  @Get('read')
  read(@Req() { session }: SessionRequest): object {
    return { count: session.count };
  }

  @Get('change')
  change(@Req() { session }: SessionRequest): object {
    session.count += 1;
    return { count: session.count };
  }

  @Get('create')
  create(@Req() { session }: SessionRequest): object {
    Object.assign(session, benchData(1024));
    return { count: session.count };
  }

  @Get('fill/:bytes')
  fill(@Req() { session }: SessionRequest, @Param('bytes') bytes: string): object {
    Object.assign(session, benchData(Number(bytes)));
    return { count: session.count };
  }
}
