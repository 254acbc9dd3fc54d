import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** How long the shop waits for them when it ends, and how often it looks, in milliseconds. */
const PATIENCE = 5_000;
const INTERVAL = 20;

/**
 * Lets the requests at work be answered when the shop ends, and what they change be stored, before all connections are closed.
 * Node itself would then wait for browsers to close theirs, which they keep open for what may come.
 */
@Injectable()
export class RequestsAtWork implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #count = 0;

  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    this.#server.on('request', (_request: IncomingMessage, response: ServerResponse) => {
      this.#count++;
      response.once('close', () => this.#count--);
    });
  }

  /** From here on Nest takes no connection any more, and waits until the last one is closed. */
  beforeApplicationShutdown(): void {
    const server = this.#server;
    const deadline = Date.now() + PATIENCE;
    const timer = setInterval(() => {
      if (this.#count === 0 || Date.now() > deadline) server.closeAllConnections();
    }, INTERVAL).unref();
    server.once('close', () => clearInterval(timer));
  }

  get #server(): Server {
    return this.host.httpAdapter.getHttpServer() as Server;
  }
}
