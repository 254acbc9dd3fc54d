import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import { shortfallOf } from '../support/reporter.js';
import { findProgram } from '../support/servers/debian.js';
import { serverOf, type Engine } from '../support/servers/engine.js';
import { findRedis, startRedis } from '../support/servers/redis-server.js';

const VARIABLE = 'TEST_SERVER_URL';

/** How tests come by a server, where nothing of it may be done that is not said. */
function engine(more: Partial<Engine>): Engine {
  const unexpected = (): never => {
    throw new Error('that was not to be done');
  };
  return { name: 'Redis', variable: VARIABLE, find: unexpected, start: unexpected, ...more };
}

describe('the servers of a run', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('are those that the environment names, which are left alone', async () => {
    vi.stubEnv(VARIABLE, 'redis://example');
    const server = await serverOf(engine({}));
    expect(server?.url).toBe('redis://example');
    await expect(server?.remove()).resolves.toBeUndefined();
  });

  it.each(['', undefined])('are nobody’s where there is no program (%s in the environment)', async (given) => {
    vi.stubEnv(VARIABLE, given);
    expect(await serverOf(engine({ find: async () => undefined }))).toBeUndefined();
  });

  it.runIf(inject('redisUrl') !== null)(
    'are else the run’s own, on the loopback interface, until they are removed',
    async () => {
      const server = await serverOf(engine({ find: findRedis, start: startRedis }));
      const { hostname, port } = new URL(server?.url ?? '');
      expect(hostname).toBe('127.0.0.1');
      const connect = async (): Promise<void> => {
        const socket = createConnection(Number(port), hostname);
        await once(socket, 'connect');
        socket.destroy();
      };
      await expect(connect()).resolves.toBeUndefined();
      await server?.remove();
      await expect(connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    },
  );

  it('are found by the name of their program', () => {
    expect(findProgram('sh')).toMatch(/\/sh$/);
    expect(findProgram('no-such-program')).toBeUndefined();
  });
});

describe('what was not run', () => {
  it.each([
    ['nothing', 0, '', true, [], false],
    ['a skipped test, by hand', 1, '', false, [], false],
    ['a skipped test, with CI=true', 1, '', true, ['CI=true: a skipped test fails the run'], true],
    [
      'a missing server, by hand',
      0,
      'Redis',
      false,
      ['Not run: what needs Redis, which is not on this machine'],
      false,
    ],
    [
      'a missing server, with CI=true',
      0,
      'Redis and PostgreSQL',
      true,
      [
        'Not run: what needs Redis and PostgreSQL, which is not on this machine',
        'CI=true: a skipped test fails the run',
      ],
      true,
    ],
  ] as const)('%s', (_, skipped, missing, ci, lines, fails) => {
    expect(shortfallOf(skipped, missing, ci)).toEqual({ lines, fails });
  });
});
