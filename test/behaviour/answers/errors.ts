import {
  Catch,
  Controller,
  ForbiddenException,
  Get,
  HttpException,
  Inject,
  Injectable,
  Param,
  ParseIntPipe,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import { SessionsService } from 'nest-sessions';
import { setImmediate as turn } from 'node:timers/promises';
import { catchError, concat, defer, from, map, mergeMap, of, throwError, type Observable } from 'rxjs';
import { setCookies, Themed, visit, Visits, type Visit, type Visited, type VisitsOf } from './visits.js';
import type { Family } from './way.js';

const forbidden = { status: 403, body: /Forbidden|closed/ };
const internal = { status: 500, body: /Internal server error/ };
const teapot = { status: 418, body: /^\{"the":"answer"/ };
const seenByInterceptor = { storedBy: 'interceptor' } as const;

/** What does not end as its handler meant it: guards, pipes, handlers and interceptors that throw, and filters. */
export const errors: Family = {
  ways: [
    { name: 'guard that returns false', path: '/guard/false', ...forbidden },
    { name: 'guard that throws', path: '/guard/throws', ...forbidden },
    { name: 'guard that throws after an await', path: '/guard/throws-later', ...forbidden },
    { name: 'guard that throws what is no HttpException', path: '/guard/breaks', ...internal },
    { name: 'guard that lets pass', path: '/guard/passes', ...seenByInterceptor },
    { name: 'pipe that throws', path: '/pipe/mug', status: 400, body: /numeric string/ },
    { name: 'handler that throws an HttpException', path: '/throws', ...forbidden },
    { name: 'handler that throws an Error', path: '/breaks', ...internal },
    { name: 'handler that throws what is no Error', path: '/breaks-oddly', ...internal },
    { name: 'handler that rejects', path: '/rejects', ...forbidden },
    { name: 'handler that throws an HttpException with a body', path: '/throws-body', status: 409, body: /answer/ },
    { name: 'Observable that fails at once', path: '/observable', ...forbidden },
    { name: 'Observable that fails after a value', path: '/observable-late', ...forbidden },
    { name: 'interceptor that throws before the handler', path: '/interceptor/throws', ...forbidden },
    { name: 'interceptor that throws after the handler', path: '/interceptor/throws-later', ...forbidden },
    { name: 'interceptor that maps', path: '/interceptor/maps', ...seenByInterceptor },
    { name: 'interceptor that maps and changes', path: '/interceptor/maps-changes', ...seenByInterceptor },
    { name: 'interceptor that answers by itself', path: '/interceptor/answers', ...seenByInterceptor },
    { name: 'interceptor that answers through the platform', path: '/interceptor/replies', status: 202 },
    { name: 'interceptor that turns an error into a value', path: '/interceptor/rescues', ...seenByInterceptor },
    { name: 'filter', path: '/filter/sync', ...teapot },
    { name: 'filter that is async', path: '/filter/async', ...teapot },
    { name: 'filter that reads the session', path: '/filter/reads', status: 418, body: /number/ },
    { name: 'filter that changes the session', path: '/filter/changes', ...teapot },
    { name: 'filter that changes a session after the handler did not', path: '/filter/changes-alone', ...teapot },
    { name: 'filter that redirects', path: '/filter/redirects', status: 303, body: /^/ },
    { name: 'filter that ends the raw response', path: '/filter/raw', status: 418 },
    { name: 'filter that extends the default', path: '/filter/base', ...forbidden },
  ],
  controllers: (Visited) => [guarded(), throwing(Visited), intercepted(Visited), filtered(Visited)],
};

/** As much of a response of Express or Fastify as these need. */
interface AnyResponse {
  readonly raw?: RawResponse;
  status(code: number): AnyResponse;
  send(body: object | string): AnyResponse;
  header(name: string, value: string | readonly string[]): AnyResponse;
}
interface RawResponse {
  statusCode: number;
  end(body: string): unknown;
  setHeader(name: string, value: readonly string[]): unknown;
}

function responseAt(host: ArgumentsHost): AnyResponse {
  return host.switchToHttp().getResponse<AnyResponse>();
}

/** Changes the session wherever Nest gives a context, and sets the app's cookies. */
@Injectable()
class Counter {
  constructor(@Inject(SessionsService) private readonly sessions: VisitsOf) {}

  async count(host: ArgumentsHost): Promise<void> {
    visit(await this.sessions.of(host, Visits));
    setCookies(responseAt(host));
  }

  session(host: ArgumentsHost): Promise<Visit> {
    return this.sessions.of(host, Visits);
  }
}

/** A guard that changes the session and then decides. */
function guard(decide: () => boolean | Promise<boolean>): Type<CanActivate> {
  @Injectable()
  class Guard extends Counter implements CanActivate {
    async canActivate(context: ExecutionContext): Promise<boolean> {
      await this.count(context);
      return decide();
    }
  }
  return Guard;
}

function guarded(): Type {
  @Controller()
  class Guarded {
    @Get('guard/false')
    @UseGuards(guard(() => false))
    isFalse() {
      return 'never';
    }

    @Get('guard/throws')
    @UseGuards(guard(() => closed()))
    throws() {
      return 'never';
    }

    @Get('guard/throws-later')
    @UseGuards(guard(async () => (await turn(), closed())))
    throwsLater() {
      return 'never';
    }

    @Get('guard/breaks')
    @UseGuards(guard(() => breaks()))
    breaks() {
      return 'never';
    }

    @Get('guard/passes')
    @UseGuards(guard(() => true))
    passes() {
      return 'the answer';
    }

    @Get('pipe/:id')
    @UseGuards(guard(() => true))
    pipe(@Param('id', ParseIntPipe) id: number) {
      return id;
    }
  }
  return Guarded;
}

function closed(): never {
  throw new ForbiddenException('the shop is closed');
}

function breaks(): never {
  throw new Error('a shelf broke');
}

function throwing(Visited: Visited): Type {
  @Controller()
  class Throwing {
    @Get('throws')
    @Themed()
    throws(@Visited() session: Visit) {
      visit(session);
      closed();
    }

    @Get('breaks')
    @Themed()
    breaks(@Visited() session: Visit) {
      visit(session);
      breaks();
    }

    @Get('breaks-oddly')
    @Themed()
    breaksOddly(@Visited() session: Visit) {
      visit(session);
      // oxlint-disable-next-line typescript/only-throw-error -- apps do
      throw 'a shelf';
    }

    @Get('rejects')
    @Themed()
    async rejects(@Visited() session: Visit) {
      await turn();
      visit(session);
      closed();
    }

    @Get('throws-body')
    @Themed()
    throwsBody(@Visited() session: Visit) {
      visit(session);
      throw new HttpException({ the: 'answer' }, 409);
    }

    @Get('observable')
    @Themed()
    observable(@Visited() session: Visit): Observable<string> {
      visit(session);
      return throwError(() => new ForbiddenException());
    }

    @Get('observable-late')
    @Themed()
    observableLate(@Visited() session: Visit): Observable<string> {
      const late = defer(async () => {
        await turn();
        visit(session);
        return closed();
      });
      return concat(of('one'), late);
    }
  }
  return Throwing;
}

type Intercept = (interceptor: Counter, context: ExecutionContext, next: CallHandler) => Observable<unknown>;

function interceptor(intercept: Intercept): Type<NestInterceptor> {
  @Injectable()
  class Interceptor extends Counter implements NestInterceptor {
    intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
      return intercept(this, context, next);
    }
  }
  return Interceptor;
}

const throwsBefore: Intercept = (counter, context) => from(counter.count(context)).pipe(map(closed));
const throwsAfter: Intercept = (_, __, next) => next.handle().pipe(map(closed));
const maps: Intercept = (_, __, next) => next.handle().pipe(map((value) => ({ mapped: value })));
const mapsAndChanges: Intercept = (counter, context, next) =>
  next.handle().pipe(mergeMap(async (value) => (await counter.count(context), { mapped: value })));
const answers: Intercept = (counter, context) => from(counter.count(context)).pipe(map(() => 'the answer'));
const replies: Intercept = (counter, context) =>
  from(counter.count(context)).pipe(map(() => void responseAt(context).status(202).send('the answer')));
const rescues: Intercept = (_, __, next) => next.handle().pipe(catchError(() => of('the answer, after all')));

function intercepted(Visited: Visited): Type {
  @Controller('interceptor')
  class Intercepted {
    @Get('throws')
    @UseInterceptors(interceptor(throwsBefore))
    throws() {
      return 'never';
    }

    @Get('throws-later')
    @UseInterceptors(interceptor(throwsAfter))
    @Themed()
    throwsLater(@Visited() session: Visit) {
      return visit(session, 'never');
    }

    @Get('maps')
    @UseInterceptors(interceptor(maps))
    @Themed()
    maps(@Visited() session: Visit) {
      return visit(session, 'the answer');
    }

    @Get('maps-changes')
    @UseInterceptors(interceptor(mapsAndChanges))
    mapsChanges() {
      return 'the answer';
    }

    @Get('answers')
    @UseInterceptors(interceptor(answers))
    answers() {
      return 'never';
    }

    @Get('replies')
    @UseInterceptors(interceptor(replies))
    replies() {
      return 'never';
    }

    @Get('rescues')
    @UseInterceptors(interceptor(rescues))
    @Themed()
    rescues(@Visited() session: Visit) {
      visit(session);
      breaks();
    }
  }
  return Intercepted;
}

type Answer = (counter: Counter, host: ArgumentsHost) => unknown;

function filter(answer: Answer): Type<ExceptionFilter> {
  @Catch()
  class Filter extends Counter implements ExceptionFilter {
    catch(_: unknown, host: ArgumentsHost): unknown {
      return answer(this, host);
    }
  }
  return Filter;
}

@Catch(ForbiddenException)
class DefaultAfterAll extends BaseExceptionFilter {
  constructor(@Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost) {
    super(httpAdapter);
  }

  override catch(error: unknown, host: ArgumentsHost): void {
    setCookies(responseAt(host));
    // oxlint-disable-next-line promise/no-promise-in-callback -- it is no promise's catch()
    super.catch(error, host);
  }
}

const sync: Answer = (_, host) => void setCookies(responseAt(host)).status(418).send({ the: 'answer' });
const later: Answer = async (_, host) => {
  await turn();
  setCookies(responseAt(host)).status(418).send({ the: 'answer' });
};
const reads: Answer = async (counter, host) => {
  const { count } = (await counter.session(host)).data;
  setCookies(responseAt(host))
    .status(418)
    .send({ the: 'answer', of: typeof count });
};
const changes: Answer = async (counter, host) => {
  await counter.count(host);
  responseAt(host).status(418).send({ the: 'answer' });
};
const redirects: Answer = (_, host) =>
  void setCookies(responseAt(host)).status(303).header('Location', '/cart').send('see the cart');
const endsRaw: Answer = (_, host) => {
  const response = responseAt(host);
  const raw = response.raw ?? (response as unknown as RawResponse);
  setCookies(raw).statusCode = 418;
  raw.end('the answer');
};

function filtered(Visited: Visited): Type {
  @Controller('filter')
  class Filtered {
    @Get('sync')
    @UseFilters(filter(sync))
    sync(@Visited() session: Visit) {
      visit(session);
      closed();
    }

    @Get('async')
    @UseFilters(filter(later))
    async(@Visited() session: Visit) {
      visit(session);
      closed();
    }

    @Get('reads')
    @UseFilters(filter(reads))
    reads(@Visited() session: Visit) {
      visit(session);
      closed();
    }

    @Get('changes')
    @UseFilters(filter(changes))
    changes(@Visited() _session: Visit) {
      closed();
    }

    @Get('changes-alone')
    @UseFilters(filter(changes))
    changesAlone() {
      closed();
    }

    @Get('redirects')
    @UseFilters(filter(redirects))
    redirects(@Visited() session: Visit) {
      visit(session);
      closed();
    }

    @Get('raw')
    @UseFilters(filter(endsRaw))
    raw(@Visited() session: Visit) {
      visit(session);
      closed();
    }

    @Get('base')
    @UseFilters(DefaultAfterAll)
    base(@Visited() session: Visit) {
      visit(session);
      closed();
    }
  }
  return Filtered;
}
