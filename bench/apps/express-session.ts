import session, { type Store } from 'express-session';
import type { AppFactory, AppSpec } from './app-spec.js';
import { nestApp } from './nest-app.js';
import { memoryStore, peerStore } from './peer-stores.js';
import { PropertySessionController } from './property-session.controller.js';

/** `express-session` with the store that its README names for the kind of storage. */
export const expressSession: AppFactory = async (spec, count) => withStore(spec, await peerStore(spec, count));

/** `express-session` with `memorystore`, which its README advises in place of its own. */
export const expressSessionMemorystore: AppFactory = (spec, count) => withStore(spec, memoryStore(count));

async function withStore({ platform }: AppSpec, store: Store): ReturnType<AppFactory> {
  const app = await nestApp(platform, { controllers: [PropertySessionController] });
  app.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false, store }));
  return app;
}
