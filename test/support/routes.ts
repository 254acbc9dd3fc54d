import type { ServerResponse } from 'node:http';
import { All, Controller, Req, Res, type Type } from '@nestjs/common';
import { Session } from 'nest-sessions';

/** What sessions of tests hold. */
export interface Bag {
  n?: number;
  a?: unknown;
  b?: unknown;
  list?: unknown[];
  [key: string]: unknown;
}

/** What Express's response and Fastify's reply have in common. */
export interface AnyReply {
  status(code: number): this;
  header(name: string, value: string | readonly string[]): this;
  send(body?: unknown): unknown;
  redirect(url: string): unknown;
}

/** What Express's and Fastify's requests have in common. */
export interface AnyRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
}

/** What a handler gets. */
export interface Call<Data extends object = Bag> {
  /** The first of the sessions it declares. */
  readonly session: Session<Data>;
  readonly sessions: readonly Session<Bag>[];
  readonly request: AnyRequest;
  /** The platform's response, in a route with `reply`. */
  readonly reply: AnyReply;
}

type Run = (call: Call) => unknown;

/** A handler and what it declares. */
export interface Route {
  readonly run: Run;
  /** What `@Session()` is given, for each of its sessions; default: nothing, once. */
  readonly sessions?: readonly (Type<object> | string | undefined)[];
  /** Whether it answers by itself, through `@Res()`. */
  readonly reply?: boolean;
  readonly decorators?: readonly MethodDecorator[];
}

/** Path -> handler, for every method. */
export type Routes = Readonly<Record<string, Run | Route>>;

/** A handler that does not declare a session. */
export function without(run: Run = () => 'ok'): Route {
  return { run, sessions: [] };
}

/** A handler that answers through `@Res()`. */
export function replying(run: Run): Route {
  return { run, reply: true };
}

/** Makes the controller that somebody would have written for these routes, with Nest's decorators and `@Session()`. */
export function controllerOf(routes: Routes): Type<object> {
  class Routed {}
  const prototype = Routed.prototype as Record<string, unknown>;
  for (const [path, route] of Object.entries(routes)) {
    const { run, sessions = [undefined], reply = false, decorators = [] } = isRun(route) ? { run: route } : route;
    const descriptor = {
      value: (request: AnyRequest, ...rest: unknown[]) => {
        const held = rest.slice(0, sessions.length) as Session<Bag>[];
        return run({ request, sessions: held, session: held[0]!, reply: rest[sessions.length] as AnyReply });
      },
    };
    prototype[path] = descriptor.value;
    Req()(prototype, path, 0);
    sessions.forEach((session, index) =>
      (Session as (of?: unknown) => ParameterDecorator)(session)(prototype, path, index + 1),
    );
    if (reply) Res()(prototype, path, sessions.length + 1);
    for (const decorate of [All(path), ...decorators]) decorate(prototype, path, descriptor);
  }
  Controller()(Routed);
  return Routed;
}

function isRun(route: Run | Route): route is Run {
  return typeof route === 'function';
}

/** The raw response: Fastify is told to leave it alone. */
export function rawOf(reply: AnyReply): ServerResponse {
  if (!('hijack' in reply)) return reply as unknown as ServerResponse;
  const fastify = reply as unknown as { hijack(): void; raw: ServerResponse };
  fastify.hijack();
  return fastify.raw;
}
