import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { getIronSession, type IronSession } from 'iron-session';
import type { AppFactory } from './app-spec.js';
import { benchData, type BenchData } from './bench-data.js';
import { nestApp } from './nest-app.js';

/** What Express has, or what Fastify has in `raw`. */
type Raw<Message> = Message & { readonly raw?: Message };

const options = {
  password: randomBytes(32).toString('base64'),
  cookieName: 'session',
  cookieOptions: { secure: false },
};

function sessionOf(request: Raw<IncomingMessage>, response: Raw<ServerResponse>): Promise<IronSession<BenchData>> {
  return getIronSession<BenchData>(request.raw ?? request, response.raw ?? response, options);
}

@Controller()
class IronController {
  @Get('plain')
  plain(): string {
    return 'Hello World!';
  }

  @Get('read')
  async read(@Req() request: IncomingMessage, @Res({ passthrough: true }) response: ServerResponse): Promise<object> {
    const session = await sessionOf(request, response);
    return { count: session.count };
  }

  @Get('change')
  async change(@Req() request: IncomingMessage, @Res({ passthrough: true }) response: ServerResponse): Promise<object> {
    const session = await sessionOf(request, response);
    session.count += 1;
    await session.save();
    return { count: session.count };
  }

  @Get('create')
  create(@Req() request: IncomingMessage, @Res({ passthrough: true }) response: ServerResponse): Promise<object> {
    return this.fill(request, response, '1024');
  }

  @Get('fill/:bytes')
  async fill(
    @Req() request: IncomingMessage,
    @Res({ passthrough: true }) response: ServerResponse,
    @Param('bytes') bytes: string,
  ): Promise<object> {
    const session = await sessionOf(request, response);
    Object.assign(session, benchData(Number(bytes)));
    await session.save();
    return { count: session.count };
  }
}

/** `iron-session`: encrypted; a handler asks for it and saves it. */
export const ironSession: AppFactory = ({ platform }) => nestApp(platform, { controllers: [IronController] });
