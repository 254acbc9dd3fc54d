import type { INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { SESSIONS_CLOCK, SessionsService, type Clock, type SessionEvent } from 'nest-sessions';
import { onTestFinished } from 'vitest';
import { Client } from './client.js';
import { KeptLogs, type LogLine } from './logs.js';
import type { Platform } from './matrix.js';
import { createApp, type PlatformOptions } from './platforms.js';
import { controllerOf, type Routes } from './routes.js';
import type { Carriage } from './travel.js';

/** What an app of a test is made of. */
export interface AppOptions extends Pick<ModuleMetadata, 'imports' | 'controllers' | 'providers'> {
  readonly routes?: Routes;
  readonly clock?: Clock;
  readonly server?: PlatformOptions;
  /** How its sessions travel, for its clients; default: in cookies, by id. */
  readonly carriage?: Carriage;
  /** Changes the module before it is compiled. */
  readonly override?: (builder: TestingModuleBuilder) => void;
  /** Changes the app before it is initialized. */
  readonly before?: (app: INestApplication) => void | Promise<void>;
}

/** An app that listens, until the test has finished. */
export interface RunningApp {
  readonly nest: INestApplication;
  readonly origin: string;
  /** What it has logged so far. */
  readonly logs: readonly LogLine[];
  /** Its session events so far; none in an app without sessions. */
  readonly events: readonly SessionEvent[];
  /** Resolves when so many events of a type have happened. */
  seen(type: SessionEvent['type'], count: number): Promise<void>;
  /** A client that was handed nothing yet. */
  client(): Client;
  close(): Promise<void>;
}

/** Starts an app on a free port of 127.0.0.1, and closes it when the test has finished. */
export async function startApp(platform: Platform, options: AppOptions): Promise<RunningApp> {
  const kept = new KeptLogs();
  const nest = createApp(platform, await compile(options, kept), options.server);
  nest.useLogger(kept);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= nest.close());
  onTestFinished(() => {
    (nest.getHttpServer() as { closeAllConnections?(): void }).closeAllConnections?.();
    return close();
  });
  await options.before?.(nest);
  await nest.listen(0, '127.0.0.1');
  const { port } = (nest.getHttpServer() as { address(): { port: number } }).address();
  const origin = `${options.server?.https ? 'https' : 'http'}://127.0.0.1:${port}`;
  const events: SessionEvent[] = [];
  const waiting = new Set<() => void>();
  serviceOf(nest)?.events.subscribe((event) => {
    events.push(event);
    for (const look of waiting) look();
  });
  const seen = (type: SessionEvent['type'], count: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (events.filter((event) => event.type === type).length >= count) resolve();
      };
      waiting.add(look);
      look();
    });
  return {
    nest,
    origin,
    logs: kept.lines,
    events,
    seen,
    client: () => new Client(origin, [], options.carriage),
    close,
  };
}

/** Compiles the module of a test's app. */
export function compile(
  { routes, imports, controllers = [], providers, clock, override }: AppOptions,
  logs = new KeptLogs(),
) {
  const routed: Type[] = routes === undefined ? [] : [controllerOf(routes)];
  const metadata = { imports, controllers: [...controllers, ...routed], providers };
  const builder = Test.createTestingModule(metadata as ModuleMetadata).setLogger(logs);
  if (clock !== undefined) builder.overrideProvider(SESSIONS_CLOCK).useValue(clock);
  override?.(builder);
  return builder.compile();
}

function serviceOf(app: INestApplication): SessionsService | undefined {
  try {
    return app.get(SessionsService, { strict: false });
  } catch {
    return undefined;
  }
}
