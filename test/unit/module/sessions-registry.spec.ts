import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Logger, type ArgumentsHost, type HttpServer } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { SessionConflictError, SessionNotRegisteredError, SessionStorageError } from '../../../src/errors.js';
import { defineSession } from '../../../src/module/session-definition.js';
import { SessionsRegistry } from '../../../src/module/sessions-registry.js';
import type { SessionStorage } from '../../../src/storage/session-storage.js';
import { SessionStorageMemory } from '../../../src/storage/session-storage-memory.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { PlainStorage } from '../storage/plain-storage.js';

class Cart {}
class User {}

const clock = new ManualClock();
const registry = (
  options: object[],
  storage: () => SessionStorage = () => new SessionStorageMemory(),
): SessionsRegistry =>
  new SessionsRegistry(
    options.map((one) => defineSession(one, '')),
    options.map(storage),
    clock,
    () => undefined,
  );

function exchangePair() {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  Object.assign(request, { res: response });
  return { request, response };
}

describe('SessionsRegistry', () => {
  let warn: MockInstance;
  let error: MockInstance;

  beforeEach(() => {
    warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  });

  afterEach(() => vi.restoreAllMocks());

  describe('get()', () => {
    const several = registry([{ name: 'cart', type: Cart }, { name: 'user', type: User }, { name: 'plain' }]);

    it('finds the only session by nothing, its name or its class', () => {
      const one = registry([{ type: Cart }]);
      for (const target of [undefined, 'sid', Cart]) expect(one.get(target).name).toBe('sid');
    });

    it('finds one of several by its name or its class', () => {
      expect(several.get('cart').type).toBe(Cart);
      expect(several.get(User).name).toBe('user');
      expect(several.get('plain').type).toBeUndefined();
    });

    it.each<[target: undefined | string | typeof Cart, message: string]>([
      [undefined, 'there are several, "cart", "user", "plain": name one, or give its class'],
      ['other', '"other" is not registered: SessionsModule has "cart", "user", "plain"'],
      ['', '"" is not registered'],
      [class Other {}, 'class Other is not registered: SessionsModule has "cart", "user", "plain"'],
    ])('refuses %s, and says what there is', (target, message) => {
      expect(() => several.get(target)).toThrow(SessionNotRegisteredError);
      expect(() => several.get(target)).toThrow(`Cannot use session: ${message}`);
    });
  });

  it('refuses a session without a storage', () => {
    expect(() => registry([{}], () => undefined as unknown as SessionStorage)).toThrow(
      /^Cannot start SessionsModule: the storage of session "sid" must be a SessionStorage, /,
    );
  });

  it('warns at start of a storage without conditional writes, and of no other', () => {
    registry([{}]);
    expect(warn).not.toHaveBeenCalled();
    registry([{}], () => new PlainStorage(clock));
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      'The storage of session "sid" has no conditional writes: this process orders its own, other processes may overwrite them',
    );
  });

  describe('exchange()', () => {
    it('is one for a request, from whatever side it is asked for', () => {
      const own = registry([{}]);
      const { request, response } = exchangePair();
      expect(SessionsRegistry.of(request)).toBeUndefined();
      const exchange = own.exchange(request, response);
      expect(own.exchange({ raw: request }, { raw: response })).toBe(exchange);
      expect(own.exchangeAt(request)).toBe(exchange);
      expect(SessionsRegistry.of({ raw: request })).toEqual({ registry: own, exchange });
      expect(own.exchange(...(Object.values(exchangePair()) as [IncomingMessage, ServerResponse]))).not.toBe(exchange);
    });

    it('A19: is another for another app', () => {
      const [own, other] = [registry([{}]), registry([{}])];
      const { request, response } = exchangePair();
      expect(own.exchange(request, response)).not.toBe(other.exchange(request, response));
    });
  });

  describe('exchangeAt()', () => {
    const host = (type: string, { request, response }: ReturnType<typeof exchangePair>): ArgumentsHost =>
      ({
        getType: () => type,
        switchToHttp: () => ({ getRequest: () => request, getResponse: () => response }),
      }) as unknown as ArgumentsHost;

    it('takes the context of a guard, or a request that knows its response', () => {
      const own = registry([{}]);
      const pair = exchangePair();
      const exchange = own.exchangeAt(host('http', pair));
      expect(own.exchangeAt(pair.request)).toBe(exchange);
      expect(own.exchangeAt(exchangePair().request)).not.toBe(exchange);
    });

    it('refuses other contexts than HTTP, and what is no request of the app', () => {
      const own = registry([{}]);
      expect(() => own.exchangeAt(host('ws', exchangePair()))).toThrow(SessionNotRegisteredError);
      expect(() => own.exchangeAt(new IncomingMessage(new Socket()))).toThrow(
        'Cannot use session: this is no request of the app: give the ExecutionContext or the HTTP request',
      );
    });
  });

  it("A19: in() finds the app of a platform's application, or of one that is made from it, and no other", () => {
    const own = registry([{}]);
    const instance = {};
    own.join({ getType: () => 'express', getInstance: () => instance } as unknown as HttpServer);
    expect(SessionsRegistry.in(instance)).toBe(own);
    expect(SessionsRegistry.in(Object.create(Object.create(instance) as object) as object)).toBe(own);
    for (const other of [{}, undefined, null]) expect(SessionsRegistry.in(other)).toBeUndefined();
  });

  describe('its log', () => {
    it('has faults of the server that the gate answered, and nothing that is told of elsewhere', () => {
      const own = registry([{}]);
      own.failed(new SessionStorageError('an event tells of it'));
      own.failed(new SessionConflictError('the client is told'));
      expect(error).not.toHaveBeenCalled();
      const fault = new Error('of the server');
      own.failed(fault);
      expect(error).toHaveBeenCalledExactlyOnceWith(fault);
    });

    it('has what failed when nothing could be told any more, on one line', () => {
      const own = registry([{}]);
      own.late(new SessionConflictError('too late'));
      own.late('no error at all');
      expect(error.mock.calls).toEqual([
        ['SessionConflictError: too late'],
        ['Cannot store session after the response began'],
      ]);
    });
  });
});
