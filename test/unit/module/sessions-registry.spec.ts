import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { inspect } from 'node:util';
import { Logger, type ArgumentsHost, type HttpServer } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { SessionConflictError, SessionNotRegisteredError, SessionStorageError } from '../../../src/errors.js';
import { appSession, type AppSession } from '../../../src/module/app-session.js';
import { defineSession } from '../../../src/module/session-definition.js';
import type { SessionOptions } from '../../../src/module/sessions-options.js';
import { SessionsRegistry } from '../../../src/module/sessions-registry.js';
import { SessionStorageMemory } from '../../../src/storage/session-storage-memory.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

class Cart {}
class User {}

const clock = new ManualClock();
/** Sessions as an import of the module brings them. */
const sessionsOf = (options: SessionOptions[]): AppSession[] =>
  options.map((one) => appSession(defineSession(one, ''), new SessionStorageMemory(), clock, () => undefined));

const registry = (options: SessionOptions[]): SessionsRegistry => {
  const sessions = sessionsOf(options);
  const own = new SessionsRegistry({ sessions });
  for (const session of sessions) own.add(session);
  return own;
};

function exchangePair() {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  Object.assign(request, { res: response });
  return { request, response };
}

describe('SessionsRegistry', () => {
  let error: MockInstance;

  beforeEach(() => {
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

    it('refuses what is not there', () => {
      expect(() => several.get('other')).toThrow(SessionNotRegisteredError);
      expect(() => several.get('other')).toThrow('"other" is not registered');
    });

    it('knows from the beginning which sessions there will be, whatever is built first', () => {
      const [cart, user] = sessionsOf([
        { name: 'cart', type: Cart },
        { name: 'user', type: User },
      ]) as [AppSession, AppSession];
      const own = new SessionsRegistry({ sessions: [cart, user] });
      own.add(user);
      expect(own.get(User)).toBe(user);
      expect(() => own.get(undefined)).toThrow('there are several, "cart", "user"');
      expect(() => own.get(Cart)).toThrow(SessionNotRegisteredError);
      expect(() => own.get(Cart)).toThrow('"cart" is not built yet: use it from onModuleInit() on');
      own.add(cart);
      expect(own.get(Cart)).toBe(cart);
      expect(own.sessions).toEqual([user, cart]);
    });
  });

  describe('add()', () => {
    const [cart, same, again, late] = sessionsOf([
      { name: 'cart', type: Cart },
      { name: 'cart', type: User },
      { name: 'basket', type: Cart },
      { name: 'late', type: User },
    ]) as [AppSession, AppSession, AppSession, AppSession];

    it.each([
      ['of the same name', same, 'two sessions are named "cart": rename one, or let modules import one result'],
      ['of the same class', again, 'two sessions, "cart" and "basket", have the class Cart: extend the class'],
    ])('A20: refuses a session %s as another, naming it', (_, other, message) => {
      const own = new SessionsRegistry({ sessions: [] });
      own.add(cart);
      expect(() => own.add(other)).toThrow(TypeError);
      expect(() => own.add(other)).toThrow(`Cannot start SessionsModule: ${message}`);
      expect(own.sessions).toEqual([cart]);
    });

    it('takes several sessions without a class', () => {
      expect(registry([{ name: 'a' }, { name: 'b' }]).sessions).toHaveLength(2);
    });

    it('takes one that nobody knew of: that of a module that is loaded later', () => {
      const own = new SessionsRegistry({ sessions: [cart] });
      own.add(cart);
      own.add(late);
      expect(own.get(User)).toBe(late);
      expect(() => own.get(undefined)).toThrow('there are several, "cart", "late"');
    });
  });

  describe('onModuleInit()', () => {
    it('refuses a session that Nest has not built, naming it', () => {
      const own = new SessionsRegistry({ sessions: [{ name: 'cart' }] });
      expect(() => own.onModuleInit()).toThrow(TypeError);
      expect(() => own.onModuleInit()).toThrow(
        'Cannot start SessionsModule: session "cart" was not built: its storage, and what that injects, must not be request-scoped',
      );
    });

    it('takes those that are built', () => {
      expect(() => registry([{ name: 'cart' }, {}]).onModuleInit()).not.toThrow();
    });
  });

  describe('exchange()', () => {
    it('is one for a request, from whatever side it is asked for', () => {
      const own = registry([{}]);
      const { request, response } = exchangePair();
      expect(SessionsRegistry.of(request)).toBeUndefined();
      const exchange = own.exchange(request, response);
      expect(own.exchange({ raw: request }, { raw: response })).toBe(exchange);
      expect(own.exchangeAt(request)).toBe(exchange);
      expect(SessionsRegistry.of({ raw: request })?.registry).toBe(own);
      expect(SessionsRegistry.of({ raw: request })?.exchange).toBe(exchange);
      expect(own.exchange(...(Object.values(exchangePair()) as [IncomingMessage, ServerResponse]))).not.toBe(exchange);
    });

    it('shows nothing of the app to whoever prints the request', () => {
      const { request, response } = exchangePair();
      registry([{}]).exchange(request, response);
      const text = inspect(request, { depth: Infinity });
      expect(text).toContain('nest-sessions:exchange');
      expect(text).not.toContain('SessionsRegistry');
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
