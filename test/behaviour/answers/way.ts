import type { DynamicModule, INestApplication, MiddlewareConsumer, Provider, Type } from '@nestjs/common';
import type { VisitsOf, Visited } from './visits.js';

export const platforms = ['express', 'fastify'] as const;

export type Platform = (typeof platforms)[number];

/** One way to answer: a request, and what is known of its answer. */
export interface Way {
  readonly name: string;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The only platform that has it. */
  readonly only?: Platform;
  /** The status without sessions; default 200. */
  readonly status?: number;
  /** What the body without sessions looks like; default: it tells the answer. */
  readonly body?: RegExp;
  /** Who stores the session: a failure that the interceptor sees goes through the app's filters; default: the gate. */
  readonly storedBy?: 'interceptor' | 'gate';
  /** No place for cookies of the app's own. */
  readonly cookieless?: true;
  /** Informational answers, which may leave before anything is stored. */
  readonly informed?: string;
  /** The connection breaks off in the middle of the answer. */
  readonly broken?: true;
}

/** Ways to answer that need the same app. */
export interface Family {
  readonly ways: readonly Way[];
  controllers?(visited: Visited, platform: Platform): Type[];
  /** The only platform that has them. */
  readonly only?: Platform;
  readonly providers?: readonly Provider[];
  readonly imports?: readonly DynamicModule[];
  readonly http2?: true;
  /** Puts middleware on routes, as a module does. */
  configure?(consumer: MiddlewareConsumer, sessions: VisitsOf): void;
  /** Sets the app up, as a `main.ts` does. */
  prepare?(app: INestApplication, platform: Platform, sessions: VisitsOf): unknown;
}

/** The ways that a platform has. */
export function waysOn(platform: Platform, { only, ways }: Family): readonly Way[] {
  const has = (limit: Platform | undefined): boolean => limit === undefined || limit === platform;
  return has(only) ? ways.filter((way) => has(way.only)) : [];
}
