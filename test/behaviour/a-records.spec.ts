import { randomBytes } from 'node:crypto';
import { JsonSerializer } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { decodeCarried, encodeCarried, type CarriedSession } from '../../src/record/carried-session.js';
import { idCells, isByValue, travelCells, type Cell } from '../support/matrix.js';
import { idOf, unknownToken } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start, storeIn, type KeptSession, type StoredRecord, type WorldOptions } from '../support/world.js';

/** Stored bytes that are no record, or no record of this version, made of a good one. */
const records: readonly (readonly [what: string, bytes: (good: StoredRecord) => Uint8Array])[] = [
  ['nothing', () => new Uint8Array(0)],
  ['random bytes', () => randomBytes(300)],
  ['random bytes with line ends', () => randomBytes(4000)],
  ['a header that is cut', ({ bytes }) => bytes.slice(0, 40)],
  ['a header without its line end', ({ bytes }) => bytes.slice(0, bytes.indexOf(0x0a))],
  ['a header without a payload', ({ bytes }) => bytes.slice(0, bytes.indexOf(0x0a) + 1)],
  ['a payload that is cut', ({ bytes }) => bytes.slice(0, -1)],
  ['a payload that is no object', (good) => recordOf(good.header, '[1]')],
  ['a payload that is null', (good) => recordOf(good.header, 'null')],
  ['a payload that is no UTF-8', (good) => recordOf(good.header, Buffer.from([0xff, 0xfe, 0x80]))],
  ['another version', (good) => recordOf({ ...good.header, v: 2 }, '{}')],
  ['no version', (good) => recordOf({ ...good.header, v: undefined }, '{}')],
  ['a header without a secret', (good) => recordOf({ ...good.header, secret: undefined }, '{}')],
  ['a header without a deadline', (good) => recordOf({ ...good.header, idle: undefined }, '{}')],
  ['a deadline that is text', (good) => recordOf({ ...good.header, absolute: '2030' }, '{}')],
  ['a header without commits', (good) => recordOf({ ...good.header, commits: undefined }, '{}')],
  ['a header that is an array', () => recordOf([], '{}')],
  ['a header that is null', () => recordOf(null, '{}')],
  ['the record of another session', (good) => recordOf({ ...good.header, name: 'other' }, '{}')],
];

/** Bytes that the app's own key has sealed, and that are no session, or none of this version, made of a good one. */
const values: readonly (readonly [what: string, bytes: (good: KeptSession) => Uint8Array])[] = [
  ['nothing', () => new Uint8Array(0)],
  ['random bytes', () => Buffer.concat([Buffer.from([0xff]), randomBytes(300)])],
  ['a text', () => Buffer.from('{"private":true}'.repeat(20))],
  ['a header that is cut', ({ bytes }) => bytes.slice(0, 40)],
  ['a header without a payload', ({ bytes }) => bytes.slice(0, 41)],
  ['a payload that is cut', ({ bytes }) => bytes.slice(0, -1)],
  ['a payload that is no object', (good) => valueOf(good, '[1]')],
  ['a payload that is null', (good) => valueOf(good, 'null')],
  ['a payload that is no UTF-8', (good) => valueOf(good, Buffer.from([0xff, 0xfe, 0x80]))],
  ['another version', ({ bytes }) => Buffer.concat([Buffer.from([2]), bytes.slice(1)])],
  ['an idle deadline that is no number', (good) => valueOf(good, '{}', { idleDeadline: NaN })],
  ['a creation that is no number', (good) => valueOf(good, '{}', { createdAt: NaN })],
  ['an absolute deadline that is no number', (good) => valueOf(good, '{}', { absoluteDeadline: NaN })],
];

/** What must be no session, of what is kept of one in its storage or by its client. */
function brokenIn(cell: Cell) {
  return isByValue(cell) ? values : (records as readonly (readonly [string, (good: KeptSession) => Uint8Array])[]);
}

describe.each(travelCells)('%s', (_, cell) => {
  it.each(brokenIn(cell))('A16: %s is no session, one event and one line, no 5xx', async (_what, bytes) => {
    const { app, client, id } = await brokenSession(cell, { routes: verbRoutes }, bytes);
    const [events, logs] = [app.events.length, app.logs.length];
    const { status, text, handed } = await client.get('/read');
    expect({ status, text, handed }).toEqual({ status: 200, text: '{}', handed: [] });
    const event = { type: 'refused', session: 'sid', ...(!isByValue(cell) && { id }) };
    expect(app.events.slice(events)).toMatchObject([event]);
    const lines = app.logs.slice(logs).map(({ text }) => text);
    expect(lines).toEqual([expect.stringContaining(isByValue(cell) ? 'sid' : id)]);
    expect(JSON.stringify([app.events, app.logs])).not.toMatch(/private|SyntaxError|JSON/);
  });

  it.each(brokenIn(cell))('A16: over %s a session starts under a new id', async (_what, bytes) => {
    for (const path of ['/set?a=new', '/save?a=new', '/regenerate?a=new', '/reply?a=new']) {
      const { app, client, id } = await brokenSession(cell, { routes: verbRoutes }, bytes);
      const { status } = await client.get(path);
      expect(status).toBe(200);
      expect(client.id()).not.toBe(id);
      expect(await client.json('/read')).toEqual({ a: 'new' });
      expect(app.counts.writtenIds).not.toContain(id);
    }
  });

  it("A16: what a serializer of one's own cannot read is no session", async () => {
    class Strict extends JsonSerializer {
      override deserialize(bytes: Uint8Array): object {
        const data = super.deserialize(bytes);
        if ('poison' in data) throw new Error('private: cannot read poison');
        return data;
      }
    }
    const app = await start(cell, { routes: verbRoutes, session: { serializer: new Strict() } });
    const client = await clientOf(app, '/set?a=1');
    await app.damage(client, (good) =>
      isByValue(cell) ? valueOf(good, '{"poison":1}') : recordOf((good as StoredRecord).header, '{"poison":1}'),
    );
    const { status, text, handed } = await client.get('/read');
    expect({ status, text, handed }).toEqual({ status: 200, text: '{}', handed: [] });
    expect(app.events.at(-1)).toMatchObject({ type: 'refused', reason: 'record' });
  });
});

describe.each(idCells)('%s', (_, cell) => {
  it.each(records)('A16: find() tells nothing of %s, invalidate() does not fail', async (_what, bytes) => {
    const { app, id } = await brokenSession(cell, { routes: verbRoutes }, bytes as (good: KeptSession) => Uint8Array);
    expect(await app.service.find(id)).toBeUndefined();
    await expect(app.service.invalidate(id)).resolves.toBeTypeOf('boolean');
  });

  it.each(records.filter(([what]) => /cut|random bytes$|another/.test(what)))(
    'A16: %s in the place of the record of a request at work gives no 5xx',
    async (_what, bytes) => {
      for (const path of ['/set?b=2', '/reply?b=2', '/save?b=2', '/destroy', '/take?key=a']) {
        const app = await start(cell, { routes: verbRoutes });
        const client = await clientOf(app, '/set?a=private');
        const id = client.id();
        const held = app.gate.hold('after read');
        const answer = client.get(path);
        await held.reached;
        await app.rewrite(id, bytes);
        held.release();
        const { status, handed } = await answer;
        expect(status, path).toBeLessThan(500);
        expect(handed.filter(({ isCleared }) => !isCleared)).toEqual([]);
      }
    },
  );

  it('A16: a new session does not fail because what lies under its id is no record', async () => {
    let names = 0;
    const id = idOf(unknownToken());
    const app = await start(cell, {
      routes: verbRoutes,
      session: { generateId: () => (names++ === 0 ? id : idOf(unknownToken())) },
    });
    await storeIn(app.backend, id, Buffer.from('private'), app.clock.now() + 60_000);
    const client = app.client();
    const { status } = await client.get('/set?a=1');
    expect(status).toBe(200);
    expect(client.id()).not.toBe(id);
    expect(await client.json('/read')).toEqual({ a: '1' });
  });
});

/** A client whose session is then replaced, past the library. */
async function brokenSession(cell: Cell, options: WorldOptions, bytes: (good: KeptSession) => Uint8Array) {
  const app = await start(cell, options);
  const client = await clientOf(app, '/set?a=private');
  const id = client.id();
  await app.damage(client, bytes);
  app.counts.forget();
  return { app, client, id };
}

function recordOf(header: unknown, payload: string | Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), Buffer.from(payload)]);
}

function valueOf(good: KeptSession, payload: string | Uint8Array, change: Partial<CarriedSession> = {}): Uint8Array {
  const carried = decodeCarried(good.bytes);
  if (carried === undefined) throw new Error('Cannot break a session: it is none');
  return encodeCarried({ ...carried, payload: Buffer.from(payload), ...change });
}
