import { randomBytes } from 'node:crypto';
import { Controller, Get, Param } from '@nestjs/common';
import {
  CacheStorage,
  DirectoryStorage,
  encrypt,
  Session,
  SessionsModule,
  SessionStorageMemory,
  type SessionStorage,
} from 'nest-sessions';
import { PostgresStorage } from 'nest-sessions/postgres';
import { RedisStorage } from 'nest-sessions/redis';
import pg from 'pg';
import { createClient } from 'redis';
import type { AppFactory, Backends, StorageKind } from './app-spec.js';
import { benchData, type BenchData } from './bench-data.js';
import { nestApp } from './nest-app.js';
import { CountingStorage, type StorageCount } from './storage-count.js';

type OurSession = Session<BenchData>;

@Controller()
class SessionController {
  @Get('plain')
  plain(): string {
    return 'Hello World!';
  }

  @Get('read')
  read(@Session() session: OurSession): object {
    return { count: session.data.count };
  }

  @Get('change')
  change(@Session() session: OurSession): object {
    session.data.count += 1;
    return { count: session.data.count };
  }

  @Get('create')
  create(@Session() session: OurSession): object {
    session.data = benchData(1024);
    return { count: session.data.count };
  }

  @Get('fill/:bytes')
  fill(@Session() session: OurSession, @Param('bytes') bytes: string): object {
    session.data = benchData(Number(bytes));
    return { count: session.data.count };
  }
}

/** Ours, with nothing set but the storage. */
export const nestSessions: AppFactory = async ({ platform, kind, backends }, count) => {
  const options =
    kind === 'by value'
      ? { clientSide: true as const, transformers: [encrypt([randomBytes(32)])] }
      : { storage: await storageOf(kind, backends, count) };
  return nestApp(platform, { imports: [SessionsModule.forRoot(options)], controllers: [SessionController] });
};

/** Ours, with its interceptor only where a handler declares a session. */
export const nestSessionsDeclared: AppFactory = ({ platform }) =>
  nestApp(platform, {
    imports: [SessionsModule.forRoot({ interceptor: 'declared' })],
    controllers: [SessionController],
  });

/** A cache's own calls are not counted, those that it makes of its delegate are. */
async function storageOf(
  kind: Exclude<StorageKind, 'by value'>,
  backends: Backends,
  count: StorageCount | undefined,
): Promise<SessionStorage> {
  const behind = kind.replace('cache over ', '') as keyof typeof STORAGES;
  const storage = await STORAGES[behind](backends);
  const counted = count === undefined ? storage : new CountingStorage(storage, count);
  return kind.startsWith('cache') ? new CacheStorage(counted) : counted;
}

const STORAGES = {
  memory: () => new SessionStorageMemory(),
  directory: ({ folder }: Backends) => new DirectoryStorage(folder),
  redis: async ({ redisUrl }: Backends) => new RedisStorage(await createClient({ url: redisUrl }).connect()),
  postgres: async ({ postgresUrl }: Backends) => {
    const storage = new PostgresStorage(new pg.Pool({ connectionString: postgresUrl }));
    await storage.ensureSchema();
    return storage;
  },
};
