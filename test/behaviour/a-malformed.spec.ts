import { describe, expect, it } from 'vitest';
import { idCells, isByValue, ofStorage, travelCells, type Cell } from '../support/matrix.js';
import { beforeValue, getWithValue, sendRaw } from '../support/raw-socket.js';
import { idOf, secretOf, unknownToken } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start, type World } from '../support/world.js';

const MEGABYTE = 1024 * 1024;

type Kind = readonly [kind: string, value: (token: string) => string | Uint8Array];

/** Values that are no token however a session travels, made of the token of a living session. */
const malformed: readonly Kind[] = [
  ['one character', () => 'x'],
  ['10 KB', () => 'a'.repeat(10_000)],
  ['a path upwards', () => '../../../../etc/passwd'],
  ['a percent-encoded path upwards', () => '%2e%2e%2f%2e%2e%2f'],
  ['a broken percent-encoding', () => '%zz'],
  ['a percent-encoded token', (token) => `%${token.charCodeAt(0).toString(16)}${token.slice(1)}`],
  ['a percent-encoded NUL', (token) => `${token}%00`],
  ['a token in quotes', (token) => `"${token}"`],
  ['one quote', () => '"'],
  ['a token with a space in it', (token) => inMiddle(token, ' ')],
  ['a token with a tab in it', (token) => inMiddle(token, '\t')],
  ['dots alone', () => '.'.repeat(66)],
  ['a dot more', (token) => inMiddle(token, '.')],
  ['one character less', (token) => token.slice(0, -1)],
  ['padding', (token) => `${token}=`],
  ['plain base64', (token) => `+/${token.slice(2)}`],
  ['Cyrillic letters', () => Buffer.from(`${'А'.repeat(22)}.${'с'.repeat(43)}`)],
  ['full-width letters', (token) => Buffer.from([...token].map(fullWidth).join(''))],
  ['bytes that are no UTF-8', () => Buffer.concat([Buffer.alloc(22, 0xff), Buffer.from('.'), Buffer.alloc(43, 0xfe)])],
  ['JSON', () => '{"id":1}'],
  ['a name of Object.prototype', () => '__proto__'],
  ['the form of express-session', (token) => `s:${token}`],
  ['the form of express-session, encoded', (token) => `s%3A${token}`],
  ['a template', () => '${7*7}{{7*7}}<script>'],
];

/** Values that are no `<id>.<secret>`. */
const malformedById: readonly Kind[] = [
  ['a path upwards for an id', (token) => `../../../../../../../.${secretOf(token)}`],
  ['a percent-encoded dot', (token) => token.replace('.', '%2E')],
  ['an id without a secret', (token) => idOf(token)],
  ['an id and a dot', (token) => `${idOf(token)}.`],
  ['a secret without an id', (token) => `.${secretOf(token)}`],
  ['two dots', (token) => token.replace('.', '..')],
  ['one character less in the id', (token) => token.slice(1)],
  ['one character more', (token) => `${token}A`],
  ['one character more in the id', (token) => `A${token}`],
  ['an id that is not canonical base64', (token) => `${notCanonical(idOf(token))}.${secretOf(token)}`],
  ['a secret that is not canonical base64', (token) => `${idOf(token)}.${notCanonical(secretOf(token))}`],
  ['the alphabet of plain base64', (token) => `${'+/'.repeat(11)}.${secretOf(token)}`],
  ['a secret in plain base64', (token) => `${idOf(token)}.${'+/'.repeat(21)}A`],
];

/** Values that are no base64url of anything sealed. */
const malformedByValue: readonly Kind[] = [
  ['a token by id', () => unknownToken()],
  ['less than anything sealed can be', (token) => token.slice(0, 60)],
  ['base64 that is not canonical', (token) => notCanonical(token)],
];

/** An empty cookie is a value, an empty header is none. */
const empty: Kind = ['an empty value', () => ''];

function malformedIn(cell: Cell): readonly Kind[] {
  if (isByValue(cell)) return [empty, ...malformed, ...malformedByValue];
  return [...(cell.travel === 'header by id' ? [] : [empty]), ...malformed, ...malformedById];
}

/** The same as Node's parser sees it: other requests never reach an app. */
const unparsable: readonly (readonly [kind: string, value: (token: string, before: string) => string])[] = [
  ['NUL', (token) => `${token}\0`],
  ['NUL in the middle', (token) => inMiddle(token, '\0')],
  ['a control character', (token) => `${token}\x07`],
  ['CRLF', (token) => `${token}\r\nx-other: 1`],
  ['CRLF and another field of its name', (token, before) => `x\r\n${before}${token}y`],
  ['a folded line', (token) => `${token}\r\n more`],
  ['a bare LF', (token) => `${token}\nmore`],
  ['a bare CR', (token) => `${token}\rmore`],
];

describe.each(travelCells)('%s', (_, cell) => {
  it.each(malformedIn(cell))('A7: %s is no session, costs no storage call, and is cleared', async (_kind, value) => {
    const app = await start(cell, { routes: verbRoutes });
    const sent = value(await living(app));

    const read = await sendRaw(app.origin, getWithValue(cell, '/read', sent));
    expect(read).toMatchObject({ status: 200, body: expect.stringContaining('{}') });
    expect(read.handed).toMatchObject([{ name: 'sid', value: '', isCleared: true }]);
    expect(app.counts.calls).toEqual([]);

    const plain = await sendRaw(app.origin, getWithValue(cell, '/plain', sent));
    expect(plain).toMatchObject({ status: 200, handed: [] });
    expect(app.counts.calls).toEqual([]);

    const written = await sendRaw(app.origin, getWithValue(cell, '/set?a=1', sent));
    expect(written.status).toBe(200);
    expect(written.handed).toMatchObject([{ name: 'sid', isCleared: false }]);
    expect(app.counts.writtenIds).toEqual(ofStorage(cell, [idOf(written.handed[0]?.value ?? '')]));
    expect(app.counts.count('read')).toBe(0);
  });

  it.each(['/read', '/declared', '/facts', '/save', '/reload', '/regenerate', '/destroy', '/take?key=a'])(
    'A7: a malformed token is cleared once by %s',
    async (path) => {
      const app = await start(cell, { routes: verbRoutes });
      const { status, handed, headers } = await app.client().get(path, { tokens: { sid: '../x' } });
      expect(status).toBe(200);
      expect(handed).toMatchObject([{ name: 'sid', value: '', isCleared: true }]);
      expect(headers['cache-control']).toBe('no-store');
      expect(app.counts.calls).toEqual([]);
    },
  );

  it.each(unparsable)('A7: %s in a value gives no 5xx, stores nothing, and hurts nobody', async (_kind, value) => {
    for (const http of [{}, { insecureHTTPParser: true }]) {
      const app = await start(cell, { routes: verbRoutes, server: { http } });
      const token = await living(app);
      for (const path of ['/read', '/plain']) {
        const { status } = await sendRaw(app.origin, getWithValue(cell, path, value(token, beforeValue(cell))));
        expect(status).toBeGreaterThanOrEqual(200);
        expect(status).toBeLessThan(500);
      }
      expect(app.counts.count('write')).toBe(0);
      expect(await app.client().json('/read', { tokens: { sid: token } })).toEqual({ a: '1' });
    }
  });

  it('A7: 1 MB gives no 5xx, by a server that refuses it and by one that takes it', async () => {
    const refusing = await start(cell, { routes: verbRoutes });
    const { status } = await sendRaw(refusing.origin, getWithValue(cell, '/read', 'a'.repeat(MEGABYTE)));
    expect([0, 400, 413, 431]).toContain(status);

    const taking = await start(cell, { routes: verbRoutes, server: { http: { maxHeaderSize: 4 * MEGABYTE } } });
    for (const value of ['a'.repeat(MEGABYTE), '.'.repeat(MEGABYTE), 'sid=;'.repeat(MEGABYTE / 5)]) {
      const answer = await sendRaw(taking.origin, getWithValue(cell, '/read', value));
      expect(answer.status).toBe(200);
      expect(answer.handed).toMatchObject([{ name: 'sid', isCleared: true }]);
    }
    expect(taking.counts.calls).toEqual([]);
  });

  it('A7: a malformed token is told of once, without its text', async () => {
    const app = await start(cell, { routes: verbRoutes });
    await app.client().get('/read', { tokens: { sid: 'this-is-no-token' } });
    expect(app.events).toEqual([{ type: 'refused', session: 'sid', reason: 'malformed' }]);
    const lines = app.logs.filter(({ text }) => text.includes('malformed'));
    expect(lines.map(({ level }) => level)).toEqual(['debug']);
    expect(JSON.stringify(app.logs)).not.toContain('this-is-no-token');
  });
});

describe.each(idCells.filter(([, { travel }]) => travel === 'header by id'))('%s', (_, cell) => {
  it('A7: an empty header is no value: there is nothing to clear, and a change starts a session', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const read = await sendRaw(app.origin, getWithValue(cell, '/read', ''));
    expect(read).toMatchObject({ status: 200, body: expect.stringContaining('{}'), handed: [] });
    expect(app.events).toEqual([]);
    const written = await sendRaw(app.origin, getWithValue(cell, '/set?a=1', ''));
    expect(written).toMatchObject({ status: 200, handed: [{ name: 'sid', isCleared: false }] });
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

function inMiddle(token: string, mark: string): string {
  return `${token.slice(0, 22)}${mark}${token.slice(22)}`;
}

function fullWidth(character: string): string {
  return String.fromCharCode(character.charCodeAt(0) + 0xfee0);
}
