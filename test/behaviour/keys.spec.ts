import { KeyRing } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { cells } from '../support/matrix.js';
import { slowRoutes } from '../support/slow-routes.js';
import { unknownToken } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start, type World } from '../support/world.js';

const [first, second, third] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string];

/** The id of the session that was created last: in a signed token it cannot be seen. */
const lastId = (app: World): string => app.events.findLast(({ type }) => type === 'created')?.id ?? '';

const forgeries: readonly (readonly [what: string, forge: (sealed: string) => string])[] = [
  ['another token under its signature', (sealed) => signedBy(sealed, unknownToken())],
  ['a signature of zeros', (sealed) => edited(sealed, (bytes) => bytes.fill(0, bytes.length - 32))],
  [
    'one bit of the signature',
    (sealed) => edited(sealed, (bytes) => bytes.writeUInt8(bytes.at(-1)! ^ 1, bytes.length - 1)),
  ],
  ['one bit of the token', (sealed) => edited(sealed, (bytes) => bytes.writeUInt8(bytes[0]! ^ 1, 0))],
  ['no signature', (sealed) => Buffer.from(sealed, 'base64url').subarray(0, -32).toString('latin1')],
];

describe.each(cells)('%s', (_, cell) => {
  it('keys: the token is signed, and found again', async () => {
    const app = await start(cell, { routes: verbRoutes, session: { keys: [first] } });
    const client = await clientOf(app, '/set?a=1');
    expect(client.token()).toMatch(/^[\w-]{131}$/);
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it.each(forgeries)('keys: a forged token, %s, is refused without a storage call, and stays', async (_what, forge) => {
    const app = await start(cell, { routes: verbRoutes, session: { keys: [first, second] } });
    const client = await clientOf(app, '/set?a=1');
    app.counts.forget();
    const cookie = `sid=${forge(client.token())}`;
    const { text, setCookies } = await client.get('/read', { cookie });
    expect({ text, setCookies }).toEqual({ text: '{}', setCookies: [] });
    expect(app.counts.calls).toEqual([]);
    expect(app.events.at(-1)).toEqual({ type: 'refused', session: 'sid', reason: 'signature' });
  });

  it('keys: a change under a forged token starts a new session', async () => {
    const app = await start(cell, { routes: verbRoutes, session: { keys: [first] } });
    const client = await clientOf(app, '/set?a=1');
    const id = lastId(app);
    const forged = edited(client.token(), (bytes) => bytes.fill(0, bytes.length - 32));
    await client.get('/set?a=2', { cookie: `sid=${forged}` });
    expect(lastId(app)).not.toBe(id);
    expect((await app.stored(id))?.data).toEqual({ a: '1' });
  });

  it('keys: the first signs, all verify', async () => {
    const old = await start(cell, { routes: verbRoutes, session: { keys: [first] } });
    const rotated = await old.another({ session: { keys: [second, first] } });
    const later = await old.another({ session: { keys: [second] } });
    const client = await clientOf(old, '/set?a=1');
    expect(await client.copy(later.origin).json('/read')).toEqual({});
    expect(await client.copy(rotated.origin).json('/read')).toEqual({ a: '1' });

    const fresh = await clientOf(rotated, '/set?a=2');
    expect(await fresh.copy(later.origin).json('/read')).toEqual({ a: '2' });
    expect(await fresh.copy(old.origin).json('/read')).toEqual({});
  });

  it('F3: a token under an old key is accepted, and issued again under the first by a request that has written', async () => {
    const old = await start(cell, { routes: verbRoutes, session: { keys: [first] } });
    const rotated = await old.another({ session: { keys: [second, first] } });
    const later = await old.another({ session: { keys: [second] } });
    const client = (await clientOf(old, '/set?a=1')).copy(rotated.origin);
    const before = client.token();
    rotated.counts.forget();
    const { text, setCookies, headers } = await client.get('/read');
    expect({ text, sent: setCookies.length, cache: headers['cache-control'] }).toEqual({
      text: '{"a":"1"}',
      sent: 1,
      cache: 'no-store',
    });
    expect(rotated.counts.calls).toHaveLength(2);
    expect(client.token()).not.toBe(before);
    expect(await client.copy(later.origin).json('/read')).toEqual({ a: '1' });
    expect((await client.get('/read')).setCookies).toEqual([]);
  });

  it('F3: a request during which another logs in does not issue the token of before again', async () => {
    const { routes, stops } = slowRoutes();
    const old = await start(cell, { routes, session: { keys: [first] } });
    const rotated = await old.another({ session: { keys: [second, first] } });
    const client = (await clientOf(old, '/set?a=1')).copy(rotated.origin);
    const held = stops.hold('handler');
    const slow = client.copy().get('/slow/read');
    await held.reached;
    await client.get('/regenerate');
    held.release();
    expect(await slow).toMatchObject({ status: 200, setCookies: [] });
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it('keys: a session that is signed says nothing to one of another name', async () => {
    const one = await start(cell, { routes: verbRoutes, session: { name: 'one', keys: [first] } });
    const client = await clientOf(one, '/set?a=1');
    const two = await one.another({ session: { name: 'two', keys: [first] } });
    two.counts.forget();
    expect(await two.client().json('/read', { cookie: `two=${client.token('one')}` })).toEqual({});
    expect(two.counts.calls).toEqual([]);
  });

  it('keys: an instance without keys, or with others, does not clear a signed token, nor take it', async () => {
    const signed = await start(cell, { routes: verbRoutes, session: { keys: [first] } });
    const client = await clientOf(signed, '/set?a=1');
    for (const session of [{}, { keys: [third] }]) {
      const other = await signed.another({ session });
      const { text, setCookies } = await client.copy(other.origin).get('/read');
      expect({ text, setCookies }).toEqual({ text: '{}', setCookies: [] });
    }
  });

  it('keys: a ring is asked for its keys at start, and again while the app runs', async () => {
    let keys = [first];
    const ring = new KeyRing(async () => keys);
    const app = await start(cell, { routes: verbRoutes, session: { keys: ring } });
    const client = await clientOf(app, '/set?a=1');
    keys = [second, first];
    await ring.refresh();
    expect((await client.get('/read')).setCookies).toHaveLength(1);
    keys = [second];
    await ring.refresh();
    expect(await client.json('/read')).toEqual({ a: '1' });
    keys = [third];
    await ring.refresh();
    expect(await client.get('/read')).toMatchObject({ text: '{}', setCookies: [] });
  });
});

/** The same text with its bytes changed, in place. */
function edited(sealed: string, change: (bytes: Buffer) => unknown): string {
  const bytes = Buffer.from(sealed, 'base64url');
  change(bytes);
  return bytes.toString('base64url');
}

/** Another token with the signature of this one. */
function signedBy(sealed: string, token: string): string {
  return Buffer.concat([Buffer.from(token), Buffer.from(sealed, 'base64url').subarray(-32)]).toString('base64url');
}
