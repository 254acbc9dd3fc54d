import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReferenceModel } from '../support/explorer/reference-model.js';
import { cells, isByValue, revocableCells } from '../support/matrix.js';
import { anyCommands, CLIENTS, settle } from '../support/random/commands.js';
import { OpenRequests } from '../support/random/open-request.js';
import type { Modelled, Real } from '../support/random/state.js';
import { start } from '../support/world.js';

const timeouts = { idleTimeout: 600_000, absoluteTimeout: 3_600_000, touchAfter: 60_000 };
const { idleTimeout, absoluteTimeout, touchAfter } = timeouts;

/** How often; and from which seed, which a failure tells. */
const { RANDOM_RUNS = '100', RANDOM_SEED } = process.env;
const parameters = { numRuns: Number(RANDOM_RUNS), ...(RANDOM_SEED !== undefined && { seed: Number(RANDOM_SEED) }) };

describe.each([...cells, ...revocableCells])('%s', (_, cell) => {
  it('requests in any order, with faults, do what the reference model does', { timeout: 600_000 }, async () => {
    const requests = new OpenRequests();
    const app = await start(cell, { routes: requests.routes, session: timeouts });
    const nodes = [app, await app.another()];
    const { clock } = app;
    const storage = app.backend.connect();
    const orders = anyCommands([
      1,
      1,
      touchAfter,
      touchAfter,
      idleTimeout - 1,
      idleTimeout - 1,
      idleTimeout,
      absoluteTimeout,
    ]);
    const property = fc.asyncProperty(orders, async (commands) => {
      // So that nothing is left of the run before
      clock.advance(absoluteTimeout);
      for (const { counts } of nodes) counts.forget();
      const sessions = new ReferenceModel({ travel: isByValue(cell) ? 'by value' : 'by id', ...timeouts });
      const model: Modelled = { sessions, tokens: new Map(), count: 0, open: new Map() };
      const clients = Array.from({ length: CLIENTS }, () => app.client());
      const version = (id: string): Promise<string | undefined> =>
        id === '' ? Promise.resolve(undefined) : storage.read(id, async (entry) => entry.version, { fresh: true });
      const real: Real = { nodes, version, clock, requests, clients, open: new Map() };
      await fc.asyncModelRun(() => ({ model, real }), commands);
      await settle(model, real);
      const ids = new Set(nodes.flatMap(({ counts }) => counts.ids));
      const found = await Promise.all([...ids].map(version));
      const records = found.filter((one) => one !== undefined).length;
      // What has ended before its time is remembered no longer than it could have lived
      if (isByValue(cell)) expect(records).toBeLessThanOrEqual(sessions.ended.size);
      else expect(records).toBe(sessions.living.length);
    });
    await fc.assert(property, parameters);
  });
});
