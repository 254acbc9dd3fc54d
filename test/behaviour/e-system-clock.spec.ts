import { setTimeout } from 'node:timers/promises';
import { SessionsModule, SessionStorageMemory } from 'nest-sessions';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startApp } from '../support/app.js';
import { GateStorage } from 'nest-sessions/testing';
import { PLATFORMS } from '../support/matrix.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf } from '../support/world.js';

const HOUR = 3_600_000;

let latest = Date.now();

// The machine's own clock, and so no other storage than the default
describe.each(PLATFORMS)('%s, memory', (platform) => {
  it('E5: a storageTimeout over 2^31 ms does not fire at once', async () => {
    const gate = new GateStorage(new SessionStorageMemory());
    const app = await startApp(platform, {
      routes: verbRoutes,
      imports: [SessionsModule.forRoot({ storage: gate, storageTimeout: '30d' })],
    });
    const held = gate.hold('before write');
    const answer = app.client().get('/set?a=1');
    await held.reached;
    // Node makes a timer that is too long one of 1 ms: it would fire before this
    await setTimeout(5);
    held.release();
    expect((await answer).status).toBe(200);
  });

  it('E6: nothing that has expired comes back when the clock steps back', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    // The library keeps the latest instant that it has seen: a test moves on from that of the test before it
    const begun = (latest += 10 * HOUR);
    vi.setSystemTime(begun);
    const app = await startApp(platform, { routes: verbRoutes, imports: [SessionsModule.forRoot()] });
    const client = await clientOf(app, '/set?a=1');
    vi.setSystemTime(begun + HOUR / 2 - 1);
    const living = await clientOf(app, '/set?a=2');
    expect(await client.json('/read')).toEqual({ a: '1' });

    vi.setSystemTime(begun + 2 * HOUR);
    expect(await client.json('/read')).toEqual({});
    vi.setSystemTime(begun);
    expect(await client.json('/read')).toEqual({});
    expect(await living.json('/read')).toEqual({});

    const later = await clientOf(app, '/set?a=3');
    expect(await later.json('/read')).toEqual({ a: '3' });
  });
});
