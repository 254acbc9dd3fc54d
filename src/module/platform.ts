import type { ExecutionContext, HttpServer } from '@nestjs/common';
import type { RawRequest } from '../http/exchange.js';
import type { RawResponse } from '../http/response-gate.js';

/** A request as `SessionsService.of()` takes it: Express's, Fastify's, or the raw one of Node. */
export type SessionRequest = RawRequest | { readonly raw: RawRequest };

/** A response of Express or Fastify, or the raw one of Node. */
export type SessionResponse = RawResponse | { readonly raw: RawResponse };

/** A hook that Nest's Fastify adapter runs before all others; it has room for one. */
type RequestHook = (request: { raw: object }, reply: { raw: RawResponse }, done: (error?: Error) => void) => unknown;

/** Nest's Fastify adapter, as far as its hook goes. */
interface HasRequestHook {
  readonly onRequestHook?: RequestHook;
  setOnRequestHook: (hook: RequestHook) => void;
}

/**
 * Where the response stands on a raw request of Fastify. A property, since a `WeakMap` costs 1.7 us a request here and this
 * 0.3 us, on every request.
 */
const RESPONSE = Symbol('nest-sessions:response');

/** A raw request that knows its response: from Express, or from the hook below. */
interface LinkedRequest {
  readonly res?: RawResponse;
  [RESPONSE]?: RawResponse;
}

/** The raw Node request under a platform's. */
export function rawRequest(request: SessionRequest): RawRequest {
  return 'raw' in request ? request.raw : request;
}

/** The raw Node response under a platform's. */
export function rawResponse(response: SessionResponse): RawResponse {
  return 'raw' in response ? response.raw : response;
}

/** The response that belongs to a request; `undefined` when the platform does not tell. */
export function responseOf(request: SessionRequest): RawResponse | undefined {
  // Express links them; on Fastify the hook below does
  const { res, [RESPONSE]: linked } = rawRequest(request) as RawRequest & LinkedRequest;
  return res ?? linked;
}

/**
 * Lets `responseOf()` know the responses of a platform that does not link them to their requests. Nest lets Fastify run
 * middleware before the hooks of any module, but for this one.
 */
export function linkResponses(adapter: HttpServer): void {
  if (adapter.getType() !== 'fastify') return;
  const fastify = adapter as unknown as HasRequestHook;
  // Nest before 11.2 has no such hook: there a middleware gets an error that says what to give instead
  if (typeof fastify.setOnRequestHook !== 'function') return;
  const { setOnRequestHook, onRequestHook = (_request, _reply, done) => done() } = fastify;
  // The app may set its own, before or later
  fastify.setOnRequestHook = (hook) => {
    setOnRequestHook.call(fastify, (request, reply, done) => {
      (request.raw as LinkedRequest)[RESPONSE] = reply.raw;
      return hook.call(fastify, request, reply, done);
    });
  };
  fastify.setOnRequestHook(onRequestHook);
}

/** The application of a platform that a request came to: Express's or Fastify's own object, or one made from it. */
export function applicationOf(context: ExecutionContext): object | undefined {
  const { app, server } = context.switchToHttp().getRequest<{ app?: object; server?: object }>();
  return app ?? server;
}
