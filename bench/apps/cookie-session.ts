import cookieSession from 'cookie-session';
import type { AppFactory } from './app-spec.js';
import { nestApp } from './nest-app.js';
import { PropertySessionController } from './property-session.controller.js';

/** `cookie-session`: signed and not encrypted. */
export const cookieSessions: AppFactory = async ({ platform }) => {
  const app = await nestApp(platform, { controllers: [PropertySessionController] });
  app.use(cookieSession({ name: 'session', keys: ['key1', 'key2'], maxAge: 24 * 60 * 60 * 1000 }));
  return app;
};
