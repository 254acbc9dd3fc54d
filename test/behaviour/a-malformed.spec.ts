import { describe, expect, it } from 'vitest';
import { cells } from '../support/matrix.js';
import { getWithCookie, sendRaw } from '../support/raw-socket.js';
import { idOf, secretOf } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start, type World } from '../support/world.js';

const MEGABYTE = 1024 * 1024;

/** Values under the cookie's name that are no token, made of the token of a living session. */
const malformed: readonly (readonly [kind: string, value: (token: string) => string | Uint8Array])[] = [
  ['an empty value', () => ''],
  ['one character', () => 'x'],
  ['10 KB', () => 'a'.repeat(10_000)],
  ['a path upwards', () => '../../../../etc/passwd'],
  ['a path upwards for an id', (token) => `../../../../../../../.${secretOf(token)}`],
  ['a percent-encoded path upwards', () => '%2e%2e%2f%2e%2e%2f'],
  ['a broken percent-encoding', () => '%zz'],
  ['a percent-encoded token', (token) => token.replace('.', '%2E')],
  ['a percent-encoded NUL', (token) => `${token}%00`],
  ['a token in quotes', (token) => `"${token}"`],
  ['one quote', () => '"'],
  ['a token with a space in it', (token) => token.replace('.', '. ')],
  ['a token with a tab in it', (token) => token.replace('.', '\t.')],
  ['an id without a secret', (token) => idOf(token)],
  ['an id and a dot', (token) => `${idOf(token)}.`],
  ['a secret without an id', (token) => `.${secretOf(token)}`],
  ['two dots', (token) => token.replace('.', '..')],
  ['dots alone', () => '.'.repeat(66)],
  ['one character less', (token) => token.slice(0, -1)],
  ['one character less in the id', (token) => token.slice(1)],
  ['one character more', (token) => `${token}A`],
  ['one character more in the id', (token) => `A${token}`],
  ['padding', (token) => `${token}=`],
  ['an id that is not canonical base64', (token) => `${notCanonical(idOf(token))}.${secretOf(token)}`],
  ['a secret that is not canonical base64', (token) => `${idOf(token)}.${notCanonical(secretOf(token))}`],
  ['the alphabet of plain base64', (token) => `${'+/'.repeat(11)}.${secretOf(token)}`],
  ['a secret in plain base64', (token) => `${idOf(token)}.${'+/'.repeat(21)}A`],
  ['Cyrillic letters', () => Buffer.from(`${'А'.repeat(22)}.${'с'.repeat(43)}`)],
  ['full-width letters', (token) => Buffer.from([...token].map(fullWidth).join(''))],
  ['bytes that are no UTF-8', () => Buffer.concat([Buffer.alloc(22, 0xff), Buffer.from('.'), Buffer.alloc(43, 0xfe)])],
  ['JSON', () => '{"id":1}'],
  ['a name of Object.prototype', () => '__proto__'],
  ['the form of express-session', (token) => `s:${token}`],
  ['the form of express-session, encoded', (token) => `s%3A${token}`],
  ['a template', () => '${7*7}{{7*7}}<script>'],
];

/** The same as Node's parser sees it: other requests never reach an app. */
const unparsable: readonly (readonly [kind: string, value: (token: string) => string])[] = [
  ['NUL', (token) => `${token}\0`],
  ['NUL in the middle', (token) => token.replace('.', '\0')],
  ['a control character', (token) => `${token}\x07`],
  ['CRLF', (token) => `${token}\r\nx-other: 1`],
  ['CRLF and another cookie field', (token) => `x\r\nCookie: sid=${token}y`],
  ['a folded line', (token) => `${token}\r\n more`],
  ['a bare LF', (token) => `${token}\nmore`],
  ['a bare CR', (token) => `${token}\rmore`],
];

describe.each(cells)('%s', (_, cell) => {
  it.each(malformed)('A7: %s is no session, costs no storage call, and is cleared', async (_kind, value) => {
    const app = await start(cell, { routes: verbRoutes });
    const cookie = Buffer.concat([Buffer.from('sid='), Buffer.from(value(await living(app)))]);

    const read = await sendRaw(app.origin, getWithCookie('/read', cookie));
    expect(read).toMatchObject({ status: 200, body: expect.stringContaining('{}') });
    expect(read.setCookies).toMatchObject([{ name: 'sid', value: '', isCleared: true }]);
    expect(app.counts.calls).toEqual([]);

    const plain = await sendRaw(app.origin, getWithCookie('/plain', cookie));
    expect(plain).toMatchObject({ status: 200, setCookies: [] });
    expect(app.counts.calls).toEqual([]);

    const written = await sendRaw(app.origin, getWithCookie('/set?a=1', cookie));
    expect(written.status).toBe(200);
    expect(written.setCookies).toMatchObject([{ name: 'sid', isCleared: false }]);
    expect(app.counts.writtenIds).toEqual([idOf(written.setCookies[0]?.value ?? '')]);
    expect(app.counts.count('read')).toBe(0);
  });

  it.each(['/read', '/declared', '/facts', '/save', '/reload', '/regenerate', '/destroy', '/take?key=a'])(
    'A7: a malformed token is cleared once by %s',
    async (path) => {
      const app = await start(cell, { routes: verbRoutes });
      const { status, setCookies, headers } = await app.client().get(path, { cookie: 'sid=../x' });
      expect(status).toBe(200);
      expect(setCookies).toMatchObject([{ name: 'sid', value: '', isCleared: true }]);
      expect(headers['cache-control']).toBe('no-store');
      expect(app.counts.calls).toEqual([]);
    },
  );

  it.each(unparsable)('A7: %s in a cookie gives no 5xx, stores nothing, and hurts nobody', async (_kind, value) => {
    for (const http of [{}, { insecureHTTPParser: true }]) {
      const app = await start(cell, { routes: verbRoutes, server: { http } });
      const token = await living(app);
      for (const path of ['/read', '/plain']) {
        const { status } = await sendRaw(app.origin, getWithCookie(path, `sid=${value(token)}`));
        expect(status).toBeGreaterThanOrEqual(200);
        expect(status).toBeLessThan(500);
      }
      expect(app.counts.count('write')).toBe(0);
      expect(await app.client().json('/read', { cookie: `sid=${token}` })).toEqual({ a: '1' });
    }
  });

  it('A7: 1 MB gives no 5xx, by a server that refuses it and by one that takes it', async () => {
    const refusing = await start(cell, { routes: verbRoutes });
    const { status } = await sendRaw(refusing.origin, getWithCookie('/read', `sid=${'a'.repeat(MEGABYTE)}`));
    expect([0, 400, 413, 431]).toContain(status);

    const taking = await start(cell, { routes: verbRoutes, server: { http: { maxHeaderSize: 4 * MEGABYTE } } });
    for (const value of ['a'.repeat(MEGABYTE), '.'.repeat(MEGABYTE), 'sid=;'.repeat(MEGABYTE / 5)]) {
      const answer = await sendRaw(taking.origin, getWithCookie('/read', `sid=${value}`));
      expect(answer.status).toBe(200);
      expect(answer.setCookies).toMatchObject([{ name: 'sid', isCleared: true }]);
    }
    expect(taking.counts.calls).toEqual([]);
  });

  it('A7: a malformed token is told of once, without its text', async () => {
    const app = await start(cell, { routes: verbRoutes });
    await app.client().get('/read', { cookie: 'sid=this-is-no-token' });
    expect(app.events).toEqual([{ type: 'refused', session: 'sid', reason: 'malformed' }]);
    const lines = app.logs.filter(({ text }) => text.includes('malformed'));
    expect(lines.map(({ level }) => level)).toEqual(['debug']);
    expect(JSON.stringify(app.logs)).not.toContain('this-is-no-token');
  });
});

/** Stores a session, and forgets what that cost. */
async function living(app: World): Promise<string> {
  const token = (await clientOf(app, '/set?a=1')).token();
  app.counts.forget();
  return token;
}

/** Another text that decodes to the same bytes: its last character has a bit set that means nothing. */
function notCanonical(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const other = `${text.slice(0, -1)}${alphabet[alphabet.indexOf(text.at(-1) ?? '') + 1]}`;
  expect(Buffer.from(other, 'base64url')).toEqual(Buffer.from(text, 'base64url'));
  return other;
}

function fullWidth(character: string): string {
  return String.fromCharCode(character.charCodeAt(0) + 0xfee0);
}
