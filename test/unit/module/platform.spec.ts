import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { ExecutionContext, HttpServer } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import {
  applicationOf,
  linkResponses,
  rawRequest,
  rawResponse,
  responseOf,
  type SessionRequest,
} from '../../../src/module/platform.js';

const raw = (): IncomingMessage => new IncomingMessage(new Socket());
type Hook = (request: { raw: object }, reply: { raw: object }, done: (error?: Error) => void) => unknown;

/** An adapter as Nest's for Fastify: it has room for one hook that runs before all middleware. */
class Adapter {
  onRequestHook: Hook | undefined;

  constructor(readonly type: string) {}

  getType(): string {
    return this.type;
  }

  setOnRequestHook(hook: Hook): void {
    this.onRequestHook = hook;
  }

  link(): void {
    linkResponses(this as unknown as HttpServer);
  }
}

describe('rawRequest(), rawResponse()', () => {
  it('find what lies under a request and a response of Fastify, and take those of Express and Node as they are', () => {
    const request = raw();
    const response = new ServerResponse(request);
    expect(rawRequest({ raw: request })).toBe(request);
    expect(rawRequest(request)).toBe(request);
    expect(rawResponse({ raw: response })).toBe(response);
    expect(rawResponse(response)).toBe(response);
  });
});

describe('responseOf()', () => {
  it('finds the response that Express has linked to its request', () => {
    const request = raw();
    const response = new ServerResponse(request);
    Object.assign(request, { res: response });
    expect(responseOf(request)).toBe(response);
  });

  it('finds the response of Fastify once linkResponses() has been there, of the raw request too', () => {
    const adapter = new Adapter('fastify');
    adapter.link();
    const request = raw();
    const response = new ServerResponse(request);
    expect(responseOf({ raw: request })).toBeUndefined();
    let done = false;
    adapter.onRequestHook?.({ raw: request }, { raw: response }, () => (done = true));
    expect(done).toBe(true);
    expect(responseOf({ raw: request })).toBe(response);
    expect(responseOf(request)).toBe(response);
  });

  it('finds none for what is no request of the app', () => {
    expect(responseOf({} as SessionRequest)).toBeUndefined();
  });
});

describe('linkResponses()', () => {
  it('leaves Express alone', () => {
    const adapter = new Adapter('express');
    adapter.link();
    expect(adapter.onRequestHook).toBeUndefined();
  });

  it("lets an app's own hook do its work afterwards, as it would without", () => {
    const adapter = new Adapter('fastify');
    const request = raw();
    const response = new ServerResponse(request);
    const error = new Error('of the hook');
    adapter.onRequestHook = function (this: unknown, { raw }, reply, done) {
      expect(this).toBe(adapter);
      expect(responseOf(raw as typeof request)).toBe(reply.raw);
      return done(error);
    };
    adapter.link();
    let told: unknown;
    adapter.onRequestHook({ raw: request }, { raw: response }, (reason) => (told = reason));
    expect(told).toBe(error);
  });
});

describe('applicationOf()', () => {
  it.each(['app', 'server'])('finds the application of a platform under `%s`', (name) => {
    const application = {};
    const context = {
      switchToHttp: () => ({ getRequest: () => ({ [name]: application }) }),
    } as unknown as ExecutionContext;
    expect(applicationOf(context)).toBe(application);
  });
});
