import {
  Catch,
  Controller,
  Get,
  Res,
  Sse,
  UseFilters,
  type ArgumentsHost,
  type INestApplication,
  type MessageEvent,
  type Type,
} from '@nestjs/common';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Session } from 'nest-sessions';
import { catchError, of, type Observable } from 'rxjs';
import type { Latch } from './latch.js';
import { setCookies, Themed, visit, Visits, type Visit, type Visited, type VisitsOf } from './visits.js';
import type { Family } from './way.js';

/** A response of Express, which is Node's own, or a reply of Fastify. */
type AnyResponse = ServerResponse & { readonly raw?: ServerResponse };

/** The same, to whom it sends. */
interface Sending {
  header(name: string, value: readonly string[]): Sending;
  send(body: string): unknown;
}

/** Ways to answer in which something comes too late, or somebody leaves. */
export function limits(latch: Latch): Family {
  return {
    ways: [],
    controllers: (Visited) => [controller(Visited, latch)],
    prepare(app, _, sessions) {
      app.use('/answered', answering(sessions));
      app.enableCors({ origin: ['https://shop.example'], exposedHeaders: ['retry-after'] });
      app.useGlobalInterceptors(rescuing);
    },
  };
}

/** Answers, and changes the session only then. */
function answering(sessions: VisitsOf) {
  return (request: IncomingMessage, response: ServerResponse, next: (error: unknown) => void): void => {
    sessions.of(request, Visits).then((session) => {
      response.end('the answer');
      visit(session);
    }, next);
  };
}

/** An interceptor of the whole app that turns every error of one route into a value. */
const rescuing: Parameters<INestApplication['useGlobalInterceptors']>[0] = {
  intercept: (context, next) => {
    const { url } = context.switchToHttp().getRequest<{ url: string }>();
    return url === '/rescued' ? next.handle().pipe(catchError(() => of('all is well'))) : next.handle();
  },
};

@Catch()
class AllIsWell {
  catch(_: unknown, host: ArgumentsHost): void {
    host
      .switchToHttp()
      .getResponse<{ status(code: number): { send(body: string): void } }>()
      .status(200)
      .send('all is well');
  }
}

function controller(Visited: Visited, latch: Latch): Type {
  @Controller()
  class Limits {
    @Get('change-then-wait')
    async changeThenWait(@Visited() session: Visit, @Res({ passthrough: true }) response: AnyResponse) {
      visit(session);
      const closed = once(response.raw ?? response, 'close');
      await latch.pass();
      await closed;
      return 'nobody reads this';
    }

    @Get('wait-then-change')
    async waitThenChange(@Visited() session: Visit, @Res({ passthrough: true }) response: AnyResponse) {
      const closed = once(response.raw ?? response, 'close');
      await latch.pass();
      await closed;
      return visit(session, 'nobody reads this');
    }

    @Get('stream')
    @Themed()
    async *stream(@Visited() session: Visit) {
      visit(session);
      yield 'the answer, ';
      await latch.pass();
      visit(session);
      yield 'in two chunks';
    }

    @Get('stream-late')
    @Themed()
    async *streamLate(@Visited() session: Visit) {
      yield 'the answer, ';
      await latch.pass();
      visit(session);
      yield 'in two chunks';
    }

    @Get('stream-leave')
    @Themed()
    async *streamLeave(@Visited() session: Visit) {
      yield 'the answer, ';
      visit(session);
      await latch.pass();
      yield 'in two chunks';
    }

    @Get('save-late')
    @Themed()
    async *saveLate(@Visited() session: Session<Visits>) {
      yield 'the answer, ';
      visit(session);
      yield await session.save().then(
        () => 'saved',
        (error: unknown) => String(Object(error).code),
      );
    }

    @Get('broken')
    @Themed()
    async *broken(@Visited() session: Visit) {
      visit(session);
      yield 'the answer, as far as it goes';
      await latch.pass();
      throw new Error('the source broke');
    }

    @Sse('sse')
    @Themed()
    async sse(@Visited() session: Visit): Promise<Observable<MessageEvent>> {
      await latch.pass();
      return of({ data: visit(session, 'the answer') });
    }

    @Get('rescued')
    @Themed()
    rescued(@Visited() session: Visit) {
      return visit(session, 'the answer');
    }

    @Get('filtered')
    @UseFilters(AllIsWell)
    @Themed()
    filtered(@Visited() session: Visit) {
      return visit(session, 'the answer');
    }

    @Get('sent-then-changed')
    sentThenChanged(@Visited() session: Visit, @Res() response: Sending) {
      setCookies(response).send('the answer');
      visit(session);
    }

    @Get('text')
    @Themed()
    text(@Visited() session: Visit) {
      return visit(session, 'the answer');
    }

    @Get('sent')
    sent(@Visited() session: Visit, @Res() response: Sending) {
      visit(session);
      setCookies(response).send('the answer');
    }
  }
  return Limits;
}
