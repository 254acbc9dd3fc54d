import { Controller, Get, Query } from '@nestjs/common';
import { Session, SessionsModule } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { startApp, type RunningApp } from '../support/app.js';
import { ofStorage, PLATFORMS, travelCells, type Platform } from '../support/matrix.js';
import { clientOf, start } from '../support/world.js';

interface Visit {
  count?: number;
  a?: string;
}

/** One class, whose handlers' metadata all apps of this process share. */
@Controller()
class VisitController {
  @Get('read')
  read(@Session() session: Session<Visit>) {
    return session.data;
  }

  @Get('set')
  set(@Session() session: Session<Visit>, @Query('a') a: string) {
    session.data.a = a;
  }

  @Get('plain')
  plain() {
    return 'plain';
  }
}

type Mode = 'global' | 'declared';

const modes: readonly (readonly [Mode, Mode])[] = [
  ['global', 'global'],
  ['declared', 'declared'],
  ['global', 'declared'],
  ['declared', 'global'],
];

const controllers = [VisitController];

describe.each(travelCells)('%s', (_, cell) => {
  describe.each(modes)('interceptors %s and %s', (first, second) => {
    it('A19: two apps with one controller class, and a storage and a key each, do not meet', async () => {
      const one = await start(cell, { controllers, options: (_, how) => ({ ...how(), interceptor: first }) });
      const two = await start(cell, { controllers, options: (_, how) => ({ ...how(), interceptor: second }) });
      const [a, b] = [await clientOf(one, '/set?a=one'), await clientOf(two, '/set?a=two')];
      expect(await a.json('/read')).toEqual({ a: 'one' });
      expect(await b.json('/read')).toEqual({ a: 'two' });
      expect(await a.copy(two.origin).json('/read')).toEqual({});
      expect(await b.copy(one.origin).json('/read')).toEqual({});
      expect(one.counts.ids.filter((id) => two.counts.writtenIds.includes(id))).toEqual(ofStorage(cell, [b.id()]));
      expect(one.events.some(({ id, type }) => id === b.id() && type !== 'refused')).toBe(false);
    });

    it('A19: each app has its own names, keys and timeouts', async () => {
      const one = await start(cell, {
        controllers,
        options: (_, how) => ({ ...how('one'), interceptor: first, idleTimeout: '10m' }),
      });
      const two = await one.another({
        options: (_, how) => ({ ...how('two'), interceptor: second, keys: ['k'.repeat(32)] }),
      });
      const [a, b] = [await clientOf(one, '/set?a=one'), await clientOf(two, '/set?a=two')];
      expect([...a.tokens.keys(), ...b.tokens.keys()]).toEqual(['one', 'two']);
      one.clock.advance(10 * 60_000);
      expect(await a.json('/read')).toEqual({});
      expect(await b.json('/read')).toEqual({ a: 'two' });
    });

    it('A19: two apps that share a storage, or a key, share their sessions', async () => {
      const one = await start(cell, { controllers, options: (_, how) => ({ ...how(), interceptor: first }) });
      const two = await one.another({ options: (_, how) => ({ ...how(), interceptor: second }) });
      const client = await clientOf(one, '/set?a=one');
      const elsewhere = client.copy(two.origin);
      expect(await elsewhere.json('/read')).toEqual({ a: 'one' });
      await elsewhere.get('/set?a=two');
      expect(await elsewhere.copy(one.origin).json('/read')).toEqual({ a: 'two' });
    });

    it('A19: closing one leaves the other at work', async () => {
      const one = await start(cell, { controllers, options: (_, how) => ({ ...how(), interceptor: first }) });
      const two = await start(cell, { controllers, options: (_, how) => ({ ...how(), interceptor: second }) });
      const client = await clientOf(two, '/set?a=two');
      await one.close();
      expect(await client.json('/read')).toEqual({ a: 'two' });
    });
  });

  it.each(['global', 'declared'] as const)(
    'A19: an app without the module, beside one with %s interceptor, says what is missing',
    async (interceptor) => {
      const one = await start(cell, { controllers, options: (_, how) => ({ ...how(), interceptor }) });
      const bare = await startApp(cell.platform, { controllers });
      const client = await clientOf(one, '/set?a=one');
      const { status, handed } = await client.copy(bare.origin).get('/read');
      expect({ status, handed }).toEqual({ status: 500, handed: [] });
      expect(errorsOf(bare)).toMatch(/SessionNotRegisteredError: .*import SessionsModule\.forRoot\(\)/);
      expect(await bare.client().get('/plain')).toMatchObject({ status: 200, text: 'plain' });
      expect(await client.json('/read')).toEqual({ a: 'one' });
    },
  );
});

describe.each(PLATFORMS)('%s', (platform: Platform) => {
  it('A19: two apps with nothing set do not share their memory', async () => {
    const apps = await Promise.all(
      [1, 2].map(() => startApp(platform, { controllers, imports: [SessionsModule.forRoot()] })),
    );
    const [one, two] = apps as [RunningApp, RunningApp];
    const client = await clientOf(one, '/set?a=one');
    expect(await client.json('/read')).toEqual({ a: 'one' });
    expect(await client.copy(two.origin).json('/read')).toEqual({});
  });
});

function errorsOf({ logs }: RunningApp): string {
  return logs.flatMap(({ level, text }) => (level === 'error' ? [text] : [])).join('\n');
}
