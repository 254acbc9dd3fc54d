import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cells } from '../support/matrix.js';
import { unknownToken } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

const [first, second, third] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string];

const forgeries: readonly (readonly [what: string, forge: (signed: string) => string])[] = [
  ['another id under its signature', (signed) => `${unknownToken()}.${signed.split('.')[2]}`],
  ['a signature of zeros', (signed) => `${unsigned(signed)}.${'A'.repeat(43)}`],
  [
    'one bit of the signature',
    (signed) => `${signed.slice(0, -2)}${signed.at(-2) === 'A' ? 'B' : 'A'}${signed.at(-1)}`,
  ],
  ['a signature by the key as it is', (signed) => `${unsigned(signed)}.${hmac(first, unsigned(signed))}`],
  ['a signature by an unknown key', (signed) => `${unsigned(signed)}.${hmac(third, unsigned(signed))}`],
  ['no signature', unsigned],
];

describe.each(cells)('%s', (_, cell) => {
  it('keys: the token is signed, and found again', async () => {
    const app = await start(cell, { routes: verbRoutes, session: { keys: [first] } });
    const client = await clientOf(app, '/set?a=1');
    expect(client.token()).toMatch(/^[\w-]{22}\.[\w-]{43}\.[\w-]{43}$/);
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
    const id = client.id();
    await client.get('/set?a=2', { cookie: `sid=${unsigned(client.token())}` });
    expect(client.id()).not.toBe(id);
    expect((await app.stored(id))?.data).toEqual({ a: '1' });
  });

  it('keys: the first signs, all verify', async () => {
    const old = await start(cell, { routes: verbRoutes, session: { keys: [first] } });
    const rotated = await old.another({ session: { keys: [second, first] } });
    const later = await old.another({ session: { keys: [second] } });
    const client = await clientOf(old, '/set?a=1');
    expect(await client.copy(rotated.origin).json('/read')).toEqual({ a: '1' });
    expect(await client.copy(later.origin).json('/read')).toEqual({});

    const fresh = await clientOf(rotated, '/set?a=2');
    expect(await fresh.copy(later.origin).json('/read')).toEqual({ a: '2' });
    expect(await fresh.copy(old.origin).json('/read')).toEqual({});

    const renewed = client.copy(rotated.origin);
    await renewed.get('/regenerate');
    expect(await renewed.copy(later.origin).json('/read')).toEqual({ a: '1' });
  });

  it('keys: a session that is signed says nothing to one of another name', async () => {
    const one = await start(cell, { routes: verbRoutes, session: { name: 'one', keys: [first] } });
    const client = await clientOf(one, '/set?a=1');
    const two = await one.another({ session: { name: 'two', keys: [first] } });
    two.counts.forget();
    expect(await two.client().json('/read', { cookie: `two=${client.token('one')}` })).toEqual({});
    expect(two.counts.calls).toEqual([]);
  });

  it('keys: an instance without keys does not clear a signed token, nor take it', async () => {
    const signed = await start(cell, { routes: verbRoutes, session: { keys: [first] } });
    const bare = await signed.another({ session: {} });
    const client = await clientOf(signed, '/set?a=1');
    const { text, setCookies } = await client.copy(bare.origin).get('/read');
    expect({ text, setCookies }).toEqual({ text: '{}', setCookies: [] });
  });
});

function unsigned(signed: string): string {
  return signed.split('.').slice(0, 2).join('.');
}

function hmac(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}
