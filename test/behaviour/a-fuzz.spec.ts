import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { travelCells, type Cell } from '../support/matrix.js';
import { beforeValue, getWithLine, sendRaw } from '../support/raw-socket.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

const RUNS = 1000;

/**
 * Any bytes, any text of what Node's parser lets through, and tokens of which some characters are others: what stands in the
 * field in which sessions travel, under the session's name or not.
 */
function lines(cell: Cell, token: string): fc.Arbitrary<Uint8Array> {
  const before = Buffer.from(beforeValue(cell));
  const field = before.subarray(0, before.indexOf(' ') + 1);
  const named = (value: Uint8Array): Uint8Array => Buffer.concat([before, value]);
  const unnamed = (value: Uint8Array): Uint8Array => Buffer.concat([field, value]);
  const bytes = fc.uint8Array({ maxLength: 200 });
  const visible = fc.uint8Array({ min: 0x20, max: 0xff, maxLength: 200 });
  const parts = fc.constantFrom(
    'sid=',
    ';',
    '; ',
    ',',
    '=',
    '"',
    '.',
    '..',
    '/',
    '%2e',
    '%00',
    '\\',
    ' ',
    '\t',
    token,
    token.slice(0, 22),
    token.slice(22),
  );
  const pieces = fc.array(fc.oneof(parts, fc.string({ maxLength: 5 })), { maxLength: 12 }).map((all) => all.join(''));
  const bent = fc
    .tuple(fc.nat(token.length - 1), fc.uint8Array({ min: 0x20, max: 0xff, minLength: 0, maxLength: 3 }))
    .map(([at, other]) => Buffer.concat([Buffer.from(token.slice(0, at)), other, Buffer.from(token.slice(at + 1))]));
  return fc.oneof(
    bytes.map(named),
    visible.map(named),
    visible.map(unnamed),
    pieces.map((text) => unnamed(Buffer.from(text, 'utf8'))),
    pieces.map((text) => named(Buffer.from(text, 'utf8'))),
    bent.map(named),
  );
}

describe.each(travelCells)('%s', (_, cell) => {
  it('A7: values by the thousand give no 5xx, and nothing is stored', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const token = client.token();
    app.counts.forget();
    await fc.assert(
      fc.asyncProperty(lines(cell, token), async (line) => {
        const { status, handed } = await sendRaw(app.origin, getWithLine('/read', line));
        expect(status === 0 || (status >= 200 && status < 500)).toBe(true);
        expect(handed.every(({ name, isCleared }) => name === 'sid' && isCleared)).toBe(true);
      }),
      { numRuns: RUNS },
    );
    expect(app.counts.count('write') + app.counts.count('invalidate')).toBe(0);
    expect(await client.json('/read')).toEqual({ a: '1' });
  }, 60_000);
});
