import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Eta } from 'eta';
import { AppModule } from '../app.module.js';
import { PUBLIC_DIR, PUBLIC_PREFIX, VIEWS_DIR } from './paths.js';

/** Creates the shop on Fastify. */
export async function createFastifyApp(): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter());
  app.setViewEngine({ engine: { eta: new Eta({ views: VIEWS_DIR }) }, templates: VIEWS_DIR });
  app.useStaticAssets({ root: PUBLIC_DIR, prefix: PUBLIC_PREFIX });
  return app;
}
