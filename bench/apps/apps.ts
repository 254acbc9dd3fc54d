import type { AppFactory, StorageKind } from './app-spec.js';
import { cookieSessions } from './cookie-session.js';
import { expressSession, expressSessionMemorystore } from './express-session.js';
import { fastifySecureSession } from './fastify-secure-session.js';
import { fastifySessions } from './fastify-session.js';
import { ironSession } from './iron-session.js';
import type { Platform } from './nest-app.js';
import { nestSessions, nestSessionsDeclared } from './nest-sessions.js';
import { severalSessions } from './several-sessions.js';
import { emptyInterceptor, withoutSessions } from './without-sessions.js';

/** The apps that a process can host, by name. */
export const APPS: Readonly<Record<string, AppFactory>> = {
  'no sessions': withoutSessions,
  'empty interceptor': emptyInterceptor,
  'nest-sessions': nestSessions,
  "nest-sessions, interceptor: 'declared'": nestSessionsDeclared,
  'several sessions': severalSessions,
  'express-session': expressSession,
  'express-session, memorystore': expressSessionMemorystore,
  'cookie-session': cookieSessions,
  'iron-session': ironSession,
  '@fastify/session': fastifySessions,
  '@fastify/secure-session': fastifySecureSession,
};

const EXPRESS_PEERS: Partial<Record<StorageKind, readonly string[]>> = {
  memory: ['express-session', 'express-session, memorystore'],
  directory: ['express-session'],
  redis: ['express-session'],
  postgres: ['express-session'],
  'by value': ['cookie-session', 'iron-session'],
};

const FASTIFY_PEERS: Partial<Record<StorageKind, readonly string[]>> = {
  memory: ['@fastify/session'],
  directory: ['@fastify/session'],
  redis: ['@fastify/session'],
  postgres: ['@fastify/session'],
  'by value': ['@fastify/secure-session', 'iron-session'],
};

/** The names of the peers that keep sessions in this way on this platform; none for a cache, which no peer has. */
export function peersOf(platform: Platform, kind: StorageKind): readonly string[] {
  return (platform === 'express' ? EXPRESS_PEERS : FASTIFY_PEERS)[kind] ?? [];
}
