import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import type { AddressInfo, Server } from 'node:net';
import { createExpressApp } from './platform/express.js';
import { createFastifyApp } from './platform/fastify.js';

const app = process.env['PLATFORM'] === 'fastify' ? await createFastifyApp() : await createExpressApp();

// Refuses the POST that another site's page makes a visitor's browser send. The cookies are SameSite=Lax already;
// this also covers a neighbour on the same site, such as another port of localhost.
app.enableCsrfProtection();

// Ctrl-C and SIGTERM run Nest's shutdown hooks, where the sessions are closed, and then end the process.
app.enableShutdownHooks([], { useProcessExit: true });

await app.listen(Number(process.env['PORT'] ?? 3000));

const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
new Logger('Shop').log(`Open http://localhost:${port} (${app.getHttpAdapter().getType()})`);
