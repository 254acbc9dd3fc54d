import type { Answer, Client } from './client.js';
import { replying, type Routes } from './routes.js';
import { Stops } from '../../src/testing/stops.js';
import { verbRoutes } from './verb-routes.js';

/** Where a slow handler stops: it has its session loaded and has done nothing with it. */
type Place = 'handler';

/**
 * The routes of `verbRoutes` and some `more`, and each a second time as `slow/...`, where its handler stops at `handler` before it does its
 * work.
 */
export function slowRoutes(more: Routes = {}): { readonly routes: Routes; readonly stops: Stops<Place> } {
  const stops = new Stops<Place>();
  const quick: Routes = { ...verbRoutes, ...more };
  const slow: Record<string, Routes[string]> = {};
  for (const [path, route] of Object.entries(quick)) {
    if (typeof route === 'function') {
      slow[`slow/${path}`] = async (call) => {
        await stops.at('handler');
        return route(call);
      };
    }
  }
  slow['slow/reply'] = replying(async ({ session, request, reply }) => {
    await stops.at('handler');
    Object.assign(session.data, request.query);
    reply.send('replied');
  });
  return { routes: { ...quick, ...slow }, stops };
}

/** A request that has loaded its session, and goes on when `meanwhile` is over. */
export async function during(
  stops: Stops<Place>,
  client: Client,
  path: string,
  meanwhile: () => Promise<unknown>,
): Promise<Answer> {
  const held = stops.hold('handler');
  const { answer } = client.begin(path);
  await held.reached;
  await meanwhile();
  held.release();
  return answer;
}
