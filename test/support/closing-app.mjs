// A process of its own: an app of the built package on the platform that is named first, which is closed while a request is
// at work, and after which nothing is left to do.
import 'reflect-metadata';
import { once } from 'node:events';
import { request } from 'node:http';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Session, SessionsModule, SessionsService } from 'nest-sessions';

const adapter = process.argv[2] === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();

let arrive;
let goOn;
const arrived = new Promise((resolve) => (arrive = resolve));
const released = new Promise((resolve) => (goOn = resolve));

class SlowController {
  async slow(session) {
    arrive();
    await released;
    session.data.a = 1;
    return 'stored';
  }
}
Session()(SlowController.prototype, 'slow', 0);
Get()(SlowController.prototype, 'slow', Object.getOwnPropertyDescriptor(SlowController.prototype, 'slow'));
Controller()(SlowController);

class AppModule {}
Module({ imports: [SessionsModule.forRoot()], controllers: [SlowController] })(AppModule);

const app = await NestFactory.create(AppModule, adapter, { logger: false });
await app.listen(0, '127.0.0.1');
app.get(SessionsService).events.subscribe();

const sent = request({ port: app.getHttpServer().address().port, host: '127.0.0.1', agent: false }).end();
await arrived;
const closing = app.close();
goOn();
const [response] = await once(sent, 'response');
let text = '';
for await (const chunk of response.setEncoding('utf8')) text += chunk;
console.log(response.statusCode, text);
await closing;
console.log('closed');
