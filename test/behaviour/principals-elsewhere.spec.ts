import type { SessionsService } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { isByValue, PLATFORMS, revocableCells, valueCells, type Cell } from '../support/matrix.js';
import { PlainStorage } from '../support/plain-storage.js';
import { principalRoutes } from '../support/principal-routes.js';
import { unknownToken } from '../support/tokens.js';
import { clientOf, start, type World } from '../support/world.js';

/** Where it is not kept whose sessions are. */
const elsewhere: readonly (readonly [name: string, cell: Cell])[] = [
  ...PLATFORMS.map((platform) => {
    const cell: Cell = { platform, open: () => ({ connect: () => new PlainStorage() }) };
    return [`${platform}, a storage without an index of principals`, cell] as const;
  }),
  ...valueCells,
  ...revocableCells,
];

const eva = { principal: 'eva@example.org' };
const calls: readonly (readonly [what: string, call: (service: SessionsService) => Promise<unknown>])[] = [
  ['list()', (service) => service.list(eva).next()],
  ['invalidate()', (service) => service.invalidate(unknownToken().slice(0, 22), eva)],
  ['invalidateAll()', (service) => service.invalidateAll(eva)],
];

describe.each(elsewhere)('%s', (_, cell) => {
  const open = (): Promise<World> => start(cell, { routes: principalRoutes().routes });

  it('refuses a principal at once: 500, nothing is stored or handed out, and a line says what to do', async () => {
    const app = await open();
    for (const path of ['/login', '/login/regenerate', '/login/save']) {
      const answer = await app.client().get(`${path}?principal=eva@example.org&label=Firefox`);
      expect(answer).toMatchObject({ status: 500, handed: [] });
      expect(answer.text).not.toContain('eva');
    }
    expect(app.counts.calls).toEqual([]);
    const logged = app.logs.filter(({ level }) => level === 'error').map(({ text }) => text);
    expect(logged).toHaveLength(3);
    const cure = isByValue(cell)
      ? 'Cannot set principal of session: "sid" lives at its clients, keep it by id'
      : 'Cannot set principal of session: the storage of "sid" keeps no index of principals, use one that does';
    for (const line of logged) {
      expect(line).toContain(cure);
      expect(line).not.toContain('eva');
    }
  });

  it('goes on as before otherwise, and is nobody’s', async () => {
    const app = await open();
    const client = await clientOf(app, '/set?a=1');
    expect(await client.json('/marks')).toEqual({});
    expect((await client.get('/login?principal=eva')).status).toBe(500);
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it.each(calls)('SessionsService.%s is a TypeError that says what to do', async (_what, call) => {
    const app = await open();
    const message = isByValue(cell)
      ? 'Cannot use principal: "sid" lives at its clients, keep it by id'
      : 'Cannot use principal: the storage of "sid" keeps no index of principals, use one that does';
    await expect(call(app.service)).rejects.toThrow(new TypeError(message));
    expect(app.counts.calls).toEqual([]);
  });
});

describe.each(PLATFORMS)('%s, a storage without an index of principals', (platform) => {
  it('stores what a client is called', async () => {
    const storage = new PlainStorage();
    const app = await start(
      { platform, open: () => ({ connect: () => storage }) },
      { routes: { call: ({ session }) => void (session.label = 'Firefox'), ...principalRoutes().routes } },
    );
    const client = await clientOf(app, '/call');
    expect(await client.json('/marks')).toEqual({ label: 'Firefox' });
  });
});
