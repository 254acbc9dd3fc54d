import { deserialize, serialize } from 'node:v8';
import { encrypt, SessionError, SessionsModule, SessionsService, sign, type SessionOptions } from 'nest-sessions';
import { ManualClock } from 'nest-sessions/testing';
import { describe, expect, it } from 'vitest';
import { startApp, type RunningApp } from '../support/app.js';
import { PLATFORMS, type Platform } from '../support/matrix.js';
import { rawOf, replying, type Routes } from '../support/routes.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf } from '../support/world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const [first, second, third] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string];

/** The ways to seal, for rows that hold for each. */
const transformers = [
  ['encrypt()', (keys: string[]) => [encrypt(keys)]],
  ['sign()', (keys: string[]) => [sign(keys)]],
  ['sign() and encrypt()', (keys: string[]) => [sign([third]), encrypt(keys)]],
] as const;

interface Running extends RunningApp {
  readonly clock: ManualClock;
}

/** Starts an app whose one session lives at its clients. */
async function start(
  platform: Platform,
  session: SessionOptions = {},
  clock = new ManualClock(),
  routes: Routes = {},
): Promise<Running> {
  const keys = session.transformers === undefined && session.keys === undefined ? { keys: [first] } : {};
  const imports = [SessionsModule.forRoot({ clientSide: true, ...keys, ...session })];
  return { ...(await startApp(platform, { routes: { ...verbRoutes, ...routes }, imports, clock })), clock };
}

/** What a request with a value gets: how it was answered, and what was told of it. */
async function presented(app: Running, value: string, name = 'sid') {
  const told = app.events.length;
  const { status, text, setCookies } = await app.client().get('/read', { cookie: `${name}=${value}` });
  return { status, text, setCookies, events: app.events.slice(told).map(({ type, reason }) => `${type}: ${reason}`) };
}

/** The one way in which a value is refused: no session, no error, no cookie that is cleared. */
const refused = { status: 200, text: '{}', setCookies: [], events: ['refused: signature'] };

/** The same for what is no base64url of anything, which no instance can have sealed: that is cleared. */
function refusalOf(value: string) {
  if (Buffer.from(value, 'base64url').toString('base64url') === value) return refused;
  return { ...refused, setCookies: [expect.objectContaining({ isCleared: true })], events: ['refused: malformed'] };
}

describe.each(PLATFORMS)('%s', (platform) => {
  describe.each(transformers)('with %s', (_, seal) => {
    it('F1: a value with any character changed is none, always in the same way', async () => {
      const app = await start(platform, { transformers: seal([first]) });
      const value = (await clientOf(app, '/set?a=1')).token();
      for (let at = 0; at < value.length; at++) {
        const other = value[at] === 'A' ? 'E' : 'A';
        const changed = value.slice(0, at) + other + value.slice(at + 1);
        expect({ at, ...(await presented(app, changed)) }).toEqual({ at, ...refusalOf(changed) });
      }
      expect(await presented(app, value)).toMatchObject({ text: '{"a":"1"}' });
    });

    it('F1: a value with any one bit flipped is none', async () => {
      const app = await start(platform, { transformers: seal([first]) });
      const bytes = Buffer.from((await clientOf(app, '/set?a=1')).token(), 'base64url');
      for (let bit = 0; bit < bytes.length * 8; bit += 3) {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        expect({ bit, ...(await presented(app, flipped.toString('base64url'))) }).toEqual({ bit, ...refused });
      }
    });

    it('F1: a value that is cut, extended or made of two is none', async () => {
      const app = await start(platform, { transformers: seal([first]) });
      const [one, two] = [
        (await clientOf(app, '/set?a=1')).token(),
        (await clientOf(app, '/set?a=2')).token(),
      ] as const;
      const half = 4 * Math.floor(one.length / 8);
      const made = [
        one.slice(0, half) + two.slice(half),
        two.slice(0, half) + one.slice(half),
        one.slice(half) + one.slice(0, half),
        ...[4, 8, 20].map((less) => one.slice(0, one.length - (one.length % 4) - less)),
        ...['AAAA', 'A'.repeat(64)].map((more) => more + one),
      ];
      for (const value of made) expect(await presented(app, value)).toMatchObject(refusalOf(value));
    });

    it('F2: the value of another session, app or key is none', async () => {
      const app = await start(platform, { transformers: seal([first]) });
      const value = (await clientOf(app, '/set?a=1')).token();
      const otherKey = await start(platform, { transformers: seal([second]) });
      expect(await presented(otherKey, value)).toEqual(refused);
      const otherName = await start(platform, { name: 'prefs', transformers: seal([first]) });
      expect(await presented(otherName, value, 'prefs')).toEqual(refused);
    });

    it('F3: a value under an old key is accepted, and issued again under the first', async () => {
      const clock = new ManualClock();
      const old = await start(platform, { transformers: seal([first]) }, clock);
      const rotated = await start(platform, { transformers: seal([second, first]) }, clock);
      const later = await start(platform, { transformers: seal([second]) }, clock);
      const client = (await clientOf(old, '/set?a=1')).copy(rotated.origin);
      expect(await client.get('/read')).toMatchObject({ text: '{"a":"1"}', setCookies: [{ name: 'sid' }] });
      expect(await client.copy(later.origin).json('/read')).toEqual({ a: '1' });
      expect((await client.get('/read')).setCookies).toEqual([]);
    });

    it('F4: a value that has expired inside is none, whatever the cookie says', async () => {
      const session = { transformers: seal([first]), idleTimeout: '30m', absoluteTimeout: '2h' } as const;
      const app = await start(platform, { ...session, cookie: { maxAge: '400d' } });
      const idle = await clientOf(app, '/set?a=1');
      const kept = idle.token();
      app.clock.advance(30 * MINUTE - 1);
      expect(await presented(app, kept)).toMatchObject({ text: '{"a":"1"}' });
      app.clock.advance(1);
      expect(await presented(app, kept)).toEqual({ ...refused, events: ['refused: expired'] });

      const used = await clientOf(app, '/set?a=1');
      for (let minutes = 0; minutes < 120; minutes += 17) {
        expect(await used.json('/read')).toEqual({ a: '1' });
        app.clock.advance(17 * MINUTE);
      }
      expect(await presented(app, used.token())).toMatchObject({ text: '{}', events: ['refused: expired'] });
    });

    it('F6: two equal sessions have different values', async () => {
      const app = await start(platform, { transformers: seal([first]) });
      const values = new Set<string>();
      for (let count = 0; count < 5; count++) values.add((await clientOf(app, '/set?a=1')).token());
      expect(values.size).toBe(5);
    });
  });

  it('F6: one session that is sealed twice has different values', async () => {
    const app = await start(platform);
    const client = await clientOf(app, '/set?a=1');
    const before = client.token();
    await client.get('/set?a=2');
    await client.get('/set?a=1');
    expect(client.token()).not.toBe(before);
  });

  it('F5: a session over the limit: SessionTooLargeError with both sizes, nothing is sent, what the client has stays', async () => {
    const app = await start(platform);
    const client = await clientOf(app, '/set?a=1');
    const { status, setCookies, text } = await client.get(`/set?a=${'x'.repeat(4000)}`);
    expect({ status, setCookies }).toEqual({ status: 500, setCookies: [] });
    expect(text).not.toMatch(/x{8}/);
    const log = app.logs.map(({ message }) => String(message)).join('\n');
    expect(log).toMatch(/its value is \d{4} bytes, its transport takes 4093 beside the name/);
    expect(log).not.toMatch(/x{8}/);
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it('F5: a cookie, its name and its value, is never larger than 4,096 bytes', async () => {
    const app = await start(platform, { name: 'preferences' });
    const sizes: number[] = [];
    for (let size = 2800; size < 3100; size += 4) {
      const { status, setCookies } = await app.client().get(`/set?a=${'x'.repeat(size)}`);
      expect([200, 500]).toContain(status);
      if (status === 200) sizes.push(`preferences${setCookies[0]?.value}`.length);
      else expect(setCookies).toEqual([]);
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4096);
    expect(Math.max(...sizes)).toBeGreaterThan(4096 - 100);
    expect(sizes.length).toBeLessThan(75);
  });

  it('encrypt(): the value shows neither data nor, but in steps, its length', async () => {
    const app = await start(platform);
    const lengths = new Set<number>();
    for (let size = 1; size <= 40; size++) {
      const client = await clientOf(app, `/set?secret=${'s'.repeat(size)}`);
      const sealed = Buffer.from(client.token(), 'base64url').toString('latin1');
      expect(sealed).not.toMatch(/secret|s{4}/);
      lengths.add(client.token().length);
    }
    expect(lengths.size).toBe(2);
  });

  it('sign(): the value can be read by its client, and says nothing of the key', async () => {
    const app = await start(platform, { transformers: [sign([first])] });
    const client = await clientOf(app, '/set?theme=dark');
    const text = Buffer.from(client.token(), 'base64url').toString('latin1');
    expect(text).toContain('{"theme":"dark"}');
    expect(text).not.toContain(first);
  });

  it('nothing that a stranger made is ever parsed', async () => {
    const parsed: string[] = [];
    const serializer = {
      serialize: (data: object) => serialize({ ...data }),
      deserialize: (bytes: Uint8Array) => {
        parsed.push(Buffer.from(bytes).toString('latin1'));
        return deserialize(bytes) as object;
      },
    };
    const app = await start(platform, { serializer });
    const value = (await clientOf(app, '/set?a=1')).token();
    parsed.length = 0;
    const bytes = Buffer.from(value, 'base64url');
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0xff;
      await presented(app, changed.toString('base64url'));
    }
    await presented(app, Buffer.from('{"__proto__":{"a":1}}'.repeat(20)).toString('base64url'));
    expect(parsed).toEqual([]);
  });

  it('is issued again only when its idle deadline is due to move', async () => {
    const app = await start(platform, { idleTimeout: '30m', touchAfter: '5m' });
    const client = await clientOf(app, '/set?a=1');
    app.clock.advance(5 * MINUTE - 1);
    expect((await client.get('/read')).setCookies).toEqual([]);
    app.clock.advance(1);
    expect((await client.get('/read')).setCookies).toHaveLength(1);
    app.clock.advance(29 * MINUTE);
    expect(await client.get('/read')).toMatchObject({ text: '{"a":"1"}', setCookies: [{ name: 'sid' }] });
  });

  it('of two values of one session the later one counts: a cookie of another path may have stayed', async () => {
    const app = await start(platform, { idleTimeout: '30m' });
    const client = await clientOf(app, '/set?a=1');
    const earlier = client.token();
    app.clock.advance(1);
    await client.get('/set?a=2');
    for (const cookie of [`sid=${earlier}; sid=${client.token()}`, `sid=${client.token()}; sid=${earlier}`]) {
      expect((await app.client().get('/read', { cookie })).text).toBe('{"a":"2"}');
      expect(await app.client().get('/set?a=3', { cookie })).toMatchObject({ status: 200 });
    }
    const other = await clientOf(app, '/set?a=9');
    const both = { cookie: `sid=${other.token()}; sid=${client.token()}` };
    expect(await app.client().get('/read', both)).toMatchObject({ text: '{}', setCookies: [] });
    expect(await app.client().get('/set?a=3', both)).toMatchObject({ status: 409, setCookies: [] });
  });

  it('regenerate gives a new id and keeps the data; without revocation the old value is as good as before', async () => {
    const app = await start(platform);
    const client = await clientOf(app, '/set?a=1');
    const { id } = await client.json('/facts');
    const old = client.token();
    await client.get('/regenerate?b=2');
    expect(await client.json('/read')).toEqual({ a: '1', b: '2' });
    expect((await client.json('/facts'))['id']).not.toBe(id);
    expect(await presented(app, old)).toMatchObject({ text: '{"a":"1"}' });
  });

  it('regenerate starts the absolute timeout anew', async () => {
    const app = await start(platform, { idleTimeout: '2h', absoluteTimeout: '3h' });
    const client = await clientOf(app, '/set?a=1');
    app.clock.advance(1.5 * HOUR);
    await client.get('/regenerate');
    app.clock.advance(1.75 * HOUR);
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it('absoluteTimeout: false ends a session by its idle timeout alone', async () => {
    const app = await start(platform, { idleTimeout: '30d', absoluteTimeout: false, cookie: { maxAge: '30d' } });
    const client = await clientOf(app, '/set?a=1');
    for (let month = 0; month < 30; month++) {
      app.clock.advance(29 * 24 * HOUR);
      expect(await client.json('/read')).toEqual({ a: '1' });
    }
    app.clock.advance(30 * 24 * HOUR);
    expect(await client.json('/read')).toEqual({});
  });

  it('destroy makes the client forget it', async () => {
    const app = await start(platform);
    const client = await clientOf(app, '/set?a=1');
    expect((await client.get('/destroy')).setCookies).toMatchObject([{ isCleared: true }]);
    expect(await client.json('/read')).toEqual({});
  });

  it('destroy after the first byte is an error where the server keeps nothing: the client cannot be told', async () => {
    const app = await start(platform, {}, new ManualClock(), {
      late: replying(async ({ session, reply }) => {
        const raw = rawOf(reply);
        raw.write('begun ');
        raw.end(
          await session.destroy().then(
            () => 'destroyed',
            (error: unknown) => (error instanceof SessionError ? error.code : 'unknown'),
          ),
        );
      }),
    });
    const client = await clientOf(app, '/set?a=1');
    expect((await client.get('/late')).text).toBe('begun ERR_SESSION_COMMITTED');
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it('service.find() and service.invalidate() say that the server has nothing to look at', async () => {
    const app = await start(platform);
    const client = await clientOf(app, '/set?a=1');
    const { id } = await client.json<{ id: string }>('/facts');
    const service = app.nest.get(SessionsService);
    await expect(service.find(id)).rejects.toThrow('"sid" lives at its clients');
    await expect(service.invalidate(id)).rejects.toThrow('clientSide: { revocation }');
  });
});
