import { Controller, Header, HttpCode, RequestMethod, Sse, type MessageEvent, type Type } from '@nestjs/common';
import { setImmediate as turn } from 'node:timers/promises';
import { concat, concatMap, defer, EMPTY, from, of, throwError, type Observable } from 'rxjs';
import { slowly } from './sources.js';
import { Themed, visit, type Visit, type Visited } from './visits.js';
import type { Family } from './way.js';

/** Server-sent events: the head leaves on its own, a turn after the handler was called. */
export const sse: Family = {
  ways: [
    { name: '@Sse() one event', path: '/one' },
    { name: '@Sse() several events', path: '/several' },
    { name: '@Sse() events of all fields', path: '/fields' },
    { name: '@Sse() no event', path: '/empty', body: /^\n$/, storedBy: 'interceptor' },
    { name: '@Sse() change on subscription', path: '/deferred' },
    { name: '@Sse() async handler', path: '/async' },
    { name: '@Sse() POST', path: '/post', method: 'POST', status: 201 },
    { name: '@Sse() with @HttpCode() and @Header()', path: '/code', status: 202 },
    { name: '@Sse() HEAD', path: '/one', method: 'HEAD', body: /^$/ },
    { name: '@Sse() error before any event', path: '/error', status: 500, body: /500/ },
    { name: '@Sse() handler that throws', path: '/throws', status: 500, body: /500/ },
    { name: '@Sse() error after an event', path: '/error-late', body: /answer[^]*event: error/ },
  ],
  controllers: (Visited) => [controller(Visited)],
};

function controller(Visited: Visited): Type {
  @Controller()
  class Events {
    @Sse('one')
    @Themed()
    one(@Visited() session: Visit): Observable<MessageEvent> {
      return visit(session, of({ data: 'the answer' }));
    }

    @Sse('several')
    @Themed()
    several(@Visited() session: Visit): Observable<MessageEvent> {
      return visit(session, from(slowly('the', 'answer')).pipe(concatMap((data) => of({ data }))));
    }

    @Sse('fields')
    @Themed()
    fields(@Visited() session: Visit): Observable<MessageEvent> {
      return visit(session, of({ data: { the: 'answer' }, id: '42', type: 'ware', retry: 1000 }));
    }

    @Sse('empty')
    @Themed()
    empty(@Visited() session: Visit): Observable<MessageEvent> {
      return visit(session, EMPTY);
    }

    @Sse('deferred')
    @Themed()
    deferred(@Visited() session: Visit): Observable<MessageEvent> {
      return defer(() => of({ data: visit(session, 'the answer') }));
    }

    @Sse('async')
    @Themed()
    async async(@Visited() session: Visit): Promise<Observable<MessageEvent>> {
      visit(session);
      await turn();
      return of({ data: 'the answer' });
    }

    @Sse('post', { method: RequestMethod.POST })
    @Themed()
    post(@Visited() session: Visit): Observable<MessageEvent> {
      return visit(session, of({ data: 'the answer' }));
    }

    @Sse('code')
    @HttpCode(202)
    @Header('X-Wares', 'mugs')
    @Themed()
    code(@Visited() session: Visit): Observable<MessageEvent> {
      return visit(session, of({ data: 'the answer' }));
    }

    @Sse('error')
    @Themed()
    error(@Visited() session: Visit): Observable<MessageEvent> {
      return visit(
        session,
        throwError(() => new Error('no events today')),
      );
    }

    @Sse('throws')
    @Themed()
    throws(@Visited() session: Visit): Observable<MessageEvent> {
      visit(session);
      throw new Error('no events today');
    }

    @Sse('error-late')
    @Themed()
    errorLate(@Visited() session: Visit): Observable<MessageEvent> {
      const late = defer(async () => {
        await turn();
        throw new Error('no more events');
      });
      return visit(session, concat(of({ data: 'the answer' }), late));
    }
  }
  return Events;
}
