import { Controller, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Session, SessionsService } from 'nest-sessions';
import { lastValueFrom, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { cells } from '../support/matrix.js';
import { start, type World } from '../support/world.js';

/** Handlers as a microservice, a gateway or a resolver has them. */
@Controller()
class MessageController {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  plain(message: string) {
    return `got ${message}`;
  }

  stream(message: string) {
    return of(message, `${message}!`);
  }

  fail() {
    throw new Error('of the handler');
  }

  withSession(@Session() session: Session) {
    return session.id;
  }

  async withService(context: ExecutionContext) {
    return this.sessions.of(context);
  }
}

@Injectable()
class OtherGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

const kinds = ['rpc', 'ws', 'graphql'] as const;
const modes = ['global', 'declared'] as const;

describe.each(cells)('%s', (_, cell) => {
  describe.each(kinds)('a context of type %s', (kind) => {
    const begin = (interceptor: 'global' | 'declared'): Promise<World> =>
      start(cell, {
        controllers: [MessageController],
        providers: [OtherGuard],
        options: (storage) => ({ storage, interceptor }),
      });

    it.each(modes)('passes through untouched, interceptor %s', async (interceptor) => {
      const app = await begin(interceptor);
      expect(await call(app, 'plain', 'x')).toBe('got x');
      expect(await call(app, 'stream', 'x')).toBe('x!');
      await expect(call(app, 'fail', 'x')).rejects.toThrow('of the handler');
      expect(app.counts.calls).toEqual([]);
    });

    it.each(modes)('tells @Session() what it may use instead, interceptor %s', async (interceptor) => {
      const app = await begin(interceptor);
      await expect(call(app, 'withSession', 'x')).rejects.toMatchObject({
        code: 'ERR_SESSION_NOT_REGISTERED',
        message: expect.stringMatching(new RegExp(`HTTP.*"${kind}".*SessionsService\\.of\\(request\\).*find\\(id\\)`)),
      });
      expect(app.counts.calls).toEqual([]);
    });

    it('tells SessionsService.of() the same', async () => {
      const app = await begin('global');
      const context = new ExecutionContextHost(
        [{ headers: {} }, {}],
        MessageController,
        MessageController.prototype.plain,
      );
      context.setType(kind);
      await expect(app.service.of(context)).rejects.toMatchObject({
        code: 'ERR_SESSION_NOT_REGISTERED',
        message: expect.stringContaining(`this is "${kind}"`),
      });
    });

    /** Calls a handler through Nest's own pipeline, as its packages for other transports do. */
    async function call({ nest }: World, method: keyof MessageController, message: string): Promise<unknown> {
      const controller = nest.get(MessageController, { strict: false });
      const paramsFactory = { exchangeKeyForValue: (_type: number, _data: unknown, args: unknown) => args };
      const target = nest
        .get(ExternalContextCreator)
        .create(
          controller,
          controller[method] as (...args: unknown[]) => unknown,
          method,
          '__routeArguments__',
          paramsFactory,
          undefined,
          undefined,
          undefined,
          kind,
        );
      const result: unknown = await target(message, {});
      return typeof result === 'object' && result !== null && 'subscribe' in result
        ? lastValueFrom(result as ReturnType<MessageController['stream']>)
        : result;
    }
  });
});
