// What the soak runs against: the built package on both platforms, two apps over one store of records.
import 'reflect-metadata';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Controller, Get, Req } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  CacheStorage,
  DirectoryStorage,
  InProcessInvalidationBus,
  Session,
  SESSIONS_CLOCK,
  SessionsModule,
  SessionsService,
  SessionStorageMemory,
} from 'nest-sessions';
import { ForwardingStorage, ManualClock } from 'nest-sessions/testing';

export const IDLE = 120_000;
export const ABSOLUTE = 600_000;
export const TOUCH_AFTER = 10_000;

/** How long a round may take to end, in milliseconds. */
const PATIENCE = 20_000;

/** What is under way, whoever waits for it. */
const work = { handlers: 0, responses: 0, calls: 0 };

async function leaving(request) {
  const { socket } = request.raw ?? request;
  if (!socket.destroyed) await once(socket, 'close');
}

/** Path -> what a handler does. */
const routes = {
  plain: () => 'ok',
  read: (session) => session.data,
  set: (session, request) => void Object.assign(session.data, request.query),
  count: (session) => session.update((data) => void (data.n = Number(data.n ?? 0) + 1)),
  take: async (session) => ({ taken: await session.take('nonce') }),
  async login(session, request) {
    await session.regenerate();
    Object.assign(session.data, request.query);
  },
  logout: (session) => session.destroy(),
  async 'set-and-wait'(session, request) {
    Object.assign(session.data, request.query);
    await leaving(request);
  },
  async 'wait-and-set'(session, request) {
    await leaving(request);
    Object.assign(session.data, request.query);
  },
};

class SoakController {}
for (const [path, run] of Object.entries(routes)) {
  SoakController.prototype[path] = async (session, request) => {
    work.handlers++;
    try {
      return await run(session, request);
    } finally {
      work.handlers--;
    }
  };
  if (path !== 'plain') Session()(SoakController.prototype, path, 0);
  Req()(SoakController.prototype, path, 1);
  Get(path)(SoakController.prototype, path, Object.getOwnPropertyDescriptor(SoakController.prototype, path));
}
Controller()(SoakController);

/** Counts the calls that are under way. */
class BusyStorage extends ForwardingStorage {
  read(...args) {
    return busy(super.read(...args));
  }

  write(...args) {
    return busy(super.write(...args));
  }

  invalidate(...args) {
    return busy(super.invalidate(...args));
  }

  sweep(...args) {
    return busy(super.sweep(...args));
  }
}

async function busy(call) {
  work.calls++;
  try {
    return await call;
  } finally {
    work.calls--;
  }
}

/** A bus that tells how many listen. */
class CountedBus extends InProcessInvalidationBus {
  listeners = 0;

  async subscribe(listener) {
    const unsubscribe = await super.subscribe(listener);
    this.listeners++;
    return async () => {
      this.listeners--;
      await unsubscribe();
    };
  }
}

/** Storage -> how an app connects to it, how many records it holds, and what is left in it that should not be. */
export const STORAGES = {
  memory(clock) {
    const memory = new SessionStorageMemory({ clock });
    return {
      connect: () => new ForwardingStorage(memory),
      records: () => memory.size,
      leftovers: () => [],
      remove() {},
    };
  },
  'cache over directory'(clock, bus) {
    const path = mkdtempSync(join(tmpdir(), 'nest-sessions-soak-'));
    const records = join(path, 'records');
    const folders = () => readdirSync(records).flatMap((above) => readdirSync(join(records, above)));
    const files = () => readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const isLeft = ({ name, parentPath }) => parentPath === join(path, 'temporary') && name !== 'mark';
    return {
      connect: () => new CacheStorage(new DirectoryStorage(path, { clock, durable: false }), { clock, bus }),
      records: () => folders().length,
      leftovers: () => files().filter(isLeft),
      remove: () => rmSync(path, { recursive: true }),
    };
  },
};

async function startApp(adapter, storage, clock) {
  const sessions = SessionsModule.forRoot({
    storage,
    idleTimeout: IDLE,
    absoluteTimeout: ABSOLUTE,
    touchAfter: TOUCH_AFTER,
  });
  const builder = Test.createTestingModule({ imports: [sessions], controllers: [SoakController] });
  const module = await builder.overrideProvider(SESSIONS_CLOCK).useValue(clock).compile();
  const app = module.createNestApplication(adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer();
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (_, response) => {
    work.responses++;
    response.once('close', () => work.responses--);
  });
  const events = {};
  app.get(SessionsService).events.subscribe(({ type }) => (events[type] = (events[type] ?? 0) + 1));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    server,
    sockets,
    events,
    storage,
    close: () => app.close(),
  };
}

/** Both apps; `calm()` resolves when nothing is under way in them. */
export async function startApps(kind) {
  const clock = new ManualClock();
  const bus = new CountedBus();
  const store = STORAGES[kind](clock, bus);
  const apps = [];
  for (const adapter of [new ExpressAdapter(), new FastifyAdapter()]) {
    apps.push(await startApp(adapter, new BusyStorage(store.connect()), clock));
  }
  return {
    apps,
    clock,
    bus,
    store,
    async calm() {
      const started = performance.now();
      for (let turns = 0; turns < 3; turns++) {
        while (Object.values(work).some((count) => count > 0)) {
          turns = 0;
          if (performance.now() - started > PATIENCE) throw new Error(`work does not end: ${JSON.stringify(work)}`);
          await setImmediate();
        }
        await setImmediate();
      }
    },
    /** Calls of the storage that nobody has waited for. */
    get calls() {
      return work.calls;
    },
    async close() {
      await Promise.all(apps.map(({ close }) => close()));
    },
  };
}
