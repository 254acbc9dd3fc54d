import { Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** A Nest platform. */
export type Platform = 'express' | 'fastify';

/** Both. */
export const PLATFORMS: readonly Platform[] = ['express', 'fastify'];

/** An app of one module, as `nest new` makes it; not yet initialised, so that middleware and plugins can be added. */
export function nestApp(platform: Platform, metadata: ModuleMetadata): Promise<INestApplication> {
  @Module(metadata)
  class BenchModule {}

  return platform === 'fastify'
    ? NestFactory.create(BenchModule, new FastifyAdapter(), { logger: false })
    : NestFactory.create(BenchModule, { logger: false });
}
