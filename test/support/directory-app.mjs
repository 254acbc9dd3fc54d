// A process of its own: an app of the built package on the platform that is named first, over a DirectoryStorage in the folder
// that is named second. It says where it listens. A third argument changes it:
// - `stop`: it stops itself (SIGSTOP) right before the step that would put its next write in place, and says so first
// - `nobody`: it runs as a user without rights
// - `close`: on SIGTERM it closes its app; that the process ends then is not its doing
import 'reflect-metadata';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { Controller, Get, Module, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

const [platform, path, change] = process.argv.slice(2);
const say = (line) => fs.writeSync(1, `${line}\n`);

const MARK = /\/records\/.*\.\d+$/;
const { rename } = fs;
fs.rename = (from, to, done) => {
  if (change === 'stop' && MARK.test(from)) {
    say('stops');
    process.kill(process.pid, 'SIGSTOP');
  }
  return rename(from, to, done);
};
syncBuiltinESMExports();

const { DirectoryStorage, Session, SessionsModule } = await import('nest-sessions');

/** Takes every descriptor that there is. */
function takeAll() {
  const taken = [];
  try {
    for (;;) taken.push(fs.openSync('/dev/null', 'r'));
  } catch {
    return taken;
  }
}

class ShopController {
  set(session, request) {
    Object.assign(session.data, request.query);
    return 'stored';
  }

  /** The same, while the process has no descriptor left. */
  async exhausted(session, request) {
    const taken = takeAll();
    try {
      Object.assign(session.data, request.query);
      await session.save();
    } finally {
      for (const descriptor of taken) fs.closeSync(descriptor);
    }
  }

  read(session) {
    return session.data;
  }
}
for (const route of ['set', 'exhausted', 'read']) {
  Session()(ShopController.prototype, route, 0);
  Req()(ShopController.prototype, route, 1);
  Get(route)(ShopController.prototype, route, Object.getOwnPropertyDescriptor(ShopController.prototype, route));
}
Controller()(ShopController);

class AppModule {}
const sessions = SessionsModule.forRoot({ storage: new DirectoryStorage(path), storageTimeout: '1m' });
Module({ imports: [sessions], controllers: [ShopController] })(AppModule);

const adapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: false });
await app.listen(0, '127.0.0.1');
if (change === 'close') process.once('SIGTERM', () => app.close());
if (change === 'nobody' && process.getuid() === 0) process.setuid(65534);
say(`http://127.0.0.1:${app.getHttpServer().address().port}`);
