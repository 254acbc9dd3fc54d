import type { INestApplication } from '@nestjs/common';
import type { Platform } from './nest-app.js';
import type { StorageCount } from './storage-count.js';

/** All kinds of storage that are measured. */
export const KINDS = [
  'memory',
  'directory',
  'redis',
  'postgres',
  'cache over memory',
  'cache over directory',
  'cache over redis',
  'cache over postgres',
  'by value',
] as const;

/** Where sessions are kept: peers are compared with ours over the same kind. */
export type StorageKind = (typeof KINDS)[number];

/** Servers and folders that an app may keep sessions in. */
export interface Backends {
  readonly redisUrl: string;
  readonly postgresUrl: string;
  /** A folder of this app's own. */
  readonly folder: string;
}

/** Which app a process shall host. */
export interface AppSpec {
  /** A key of `APPS`. */
  readonly app: string;
  readonly platform: Platform;
  readonly kind: StorageKind;
  readonly backends: Backends;
  /** How many sessions its handlers use, where that can be chosen; default 1. */
  readonly sessions?: number;
  /** Whether to count what the storage is asked for: it has a price, so never while time is measured. */
  readonly counts?: boolean;
}

/** Makes an app. `count` is given when calls of its storage are to be counted. */
export type AppFactory = (spec: AppSpec, count: StorageCount | undefined) => Promise<INestApplication>;
