import { createServer, type ServerOptions } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions as HttpsOptions } from 'node:https';
import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { TestingModule } from '@nestjs/testing';
import type { Platform } from './matrix.js';

/** How the platform itself is set up. */
export interface PlatformOptions {
  readonly trustProxy?: boolean;
  /** Whether Fastify destroys connections when it closes, requests at work included; default: yes, so that tests end soon. */
  readonly forceClose?: boolean;
  /** Options of Node's own server. */
  readonly http?: ServerOptions;
  readonly https?: HttpsOptions;
}

/** Makes an app of a module, on a platform. */
export function createApp(platform: Platform, module: TestingModule, options: PlatformOptions = {}): INestApplication {
  const { trustProxy = false, forceClose = true, http, https } = options;
  if (platform === 'express') {
    const app = module.createNestApplication<NestExpressApplication>(new ServerOptionsAdapter(http ?? {}, https));
    if (trustProxy) app.set('trust proxy', true);
    return app;
  }
  const adapter = new FastifyAdapter({
    trustProxy,
    forceCloseConnections: forceClose || 'idle',
    ...(http && { http }),
    ...(https && { https }),
  } as ConstructorParameters<typeof FastifyAdapter>[0]);
  return module.createNestApplication(adapter);
}

/** Nest's adapter for Express does not hand options on to Node's server. */
class ServerOptionsAdapter extends ExpressAdapter {
  readonly #http: ServerOptions;
  readonly #https: HttpsOptions | undefined;

  constructor(http: ServerOptions, https: HttpsOptions | undefined) {
    super();
    this.#http = http;
    this.#https = https;
  }

  override initHttpServer(): void {
    const app = this.getInstance<Parameters<typeof createServer>[1]>();
    this.httpServer = this.#https === undefined ? createServer(this.#http, app) : createHttpsServer(this.#https, app);
  }
}
