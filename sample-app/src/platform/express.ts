import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Eta } from 'eta';
import { relative } from 'node:path';
import { AppModule } from '../app.module.js';
import { PUBLIC_DIR, PUBLIC_PREFIX, VIEWS_DIR } from './paths.js';

/** Creates the shop on Express. */
export async function createExpressApp(): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule);
  const eta = new Eta({ views: VIEWS_DIR });
  app.engine('eta', (path: string, model: object, done: (error: unknown, html?: string) => void) => {
    eta.renderAsync(relative(VIEWS_DIR, path), model).then((html) => done(null, html), done);
  });
  app.setBaseViewsDir(VIEWS_DIR);
  app.setViewEngine('eta');
  app.useStaticAssets(PUBLIC_DIR, { prefix: PUBLIC_PREFIX });
  return app;
}
