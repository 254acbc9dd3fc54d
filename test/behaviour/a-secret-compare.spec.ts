import { describe, expect, it, vi } from 'vitest';
import { idCells } from '../support/matrix.js';
import { withOtherSecret } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

const compare = vi.hoisted(() => ({ calls: [] as string[] }));

vi.mock(import('node:crypto'), async (original) => {
  const crypto = await original();
  const timingSafeEqual: typeof crypto.timingSafeEqual = (a, b) => {
    compare.calls.push(...[a, b].map((bytes) => Buffer.from(bytes as Uint8Array).toString()));
    return crypto.timingSafeEqual(a, b);
  };
  return { ...crypto, timingSafeEqual };
});

describe.each(idCells)('%s', (_, cell) => {
  it('A8: secrets are compared as hashes, in constant time', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const record = await app.stored(client.id());
    for (const token of [client.token(), withOtherSecret(client.token())]) {
      compare.calls.length = 0;
      await app.client().get('/read', { tokens: { sid: token } });
      expect(compare.calls).toContain(record?.header['secret']);
      expect(compare.calls).not.toContain(token.split('.')[1]);
    }
  });
});
