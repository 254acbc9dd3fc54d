import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { SessionConflictError, SessionStorageError } from '../../../src/errors.js';
import { Exchange, type ExchangeLog } from '../../../src/http/exchange.js';
import type { RegisteredSession } from '../../../src/http/registered-session.js';
import type { Session } from '../../../src/session/session.js';
import type { Occasion, Outgoing, Reply, TrackedSession } from '../../../src/tracker/tracked-session.js';
import { CookieTransport } from '../../../src/transport/cookie-transport.js';
import { HeaderTransport } from '../../../src/transport/header-transport.js';
import type { Delivery, ResponseHeaders, SessionTransport } from '../../../src/transport/session-transport.js';
import { TransportChain } from '../../../src/transport/transport-chain.js';

/** A session that is what a test says. */
class FakeTracked implements TrackedSession {
  readonly handle = {} as Session;
  presented: string | undefined;
  outgoing: Outgoing;
  commits: (Promise<void> | undefined)[] = [];
  readonly told: unknown[] = [];

  commit(): Promise<void> | undefined {
    return this.commits.shift();
  }

  answeredWith(error: unknown): void {
    this.told.push(error);
  }
}

/** A kind of session whose tracker gives that session, and notes what it is asked. */
class FakeSession implements RegisteredSession {
  readonly transport: SessionTransport;
  readonly tracked = new FakeTracked();
  readonly loads: (readonly string[])[] = [];
  occasion: Occasion | undefined;
  failure: Error | undefined;

  readonly tracker = {
    load: async (values: readonly string[], occasion: Occasion): Promise<TrackedSession> => {
      this.loads.push(values);
      this.occasion = occasion;
      if (this.failure !== undefined) throw this.failure;
      return this.tracked;
    },
  };

  constructor(
    readonly name: string,
    transport?: SessionTransport,
  ) {
    this.transport = transport ?? cookieNamed(name);
  }
}

const cookieNamed = (name: string): SessionTransport =>
  new CookieTransport(name, {
    path: '/',
    domain: undefined,
    maxAge: undefined,
    httpOnly: true,
    secure: 'auto',
    sameSite: 'lax',
    partitioned: false,
    priority: undefined,
  });

/** Notes what it is given to send and to clear. */
class NotingTransport extends HeaderTransport {
  readonly deliveries: [what: string, delivery: Delivery][] = [];

  override send(headers: ResponseHeaders, value: string, delivery: Delivery): boolean {
    this.deliveries.push([value, delivery]);
    return super.send(headers, value, delivery);
  }

  override clear(headers: ResponseHeaders, delivery?: Delivery): boolean {
    if (delivery !== undefined) this.deliveries.push(['clear', delivery]);
    return super.clear(headers);
  }
}

class Log implements ExchangeLog {
  readonly failures: unknown[] = [];
  readonly lates: unknown[] = [];

  failed(error: unknown): void {
    this.failures.push(error);
  }

  late(error: unknown): void {
    this.lates.push(error);
  }
}

function bench(cookie?: string, platform: object = { protocol: 'http' }) {
  const raw = new IncomingMessage(new Socket());
  raw.method = 'GET';
  if (cookie !== undefined) raw.headers = { cookie };
  const response = new ServerResponse(raw);
  const log = new Log();
  const exchange = new Exchange(raw, platform, response, log);
  return { raw, response, log, exchange, platform, sid: new FakeSession('sid'), cart: new FakeSession('cart') };
}

describe('Exchange', () => {
  describe('load()', () => {
    it('gives the tracker what the transport received, the request, and itself as the reply', async () => {
      const { exchange, platform, sid } = bench('sid=a; cart=x; sid=b');
      expect(await exchange.load(sid)).toBe(sid.tracked);
      expect(sid.loads).toEqual([['a', 'b']]);
      expect(sid.occasion).toEqual({ request: platform, reply: exchange });
    });

    it('loads each session once, whoever asks and how often', async () => {
      const { exchange, sid, cart } = bench();
      const all = await Promise.all([exchange.load(sid), exchange.load(sid), exchange.load(cart)]);
      await exchange.load(sid);
      expect(all).toEqual([sid.tracked, sid.tracked, cart.tracked]);
      expect([sid.loads.length, cart.loads.length]).toEqual([1, 1]);
    });

    it('tells everybody of a failure, without asking again', async () => {
      const { exchange, sid } = bench();
      sid.failure = new SessionStorageError('down');
      await expect(exchange.load(sid)).rejects.toBe(sid.failure);
      await expect(exchange.load(sid)).rejects.toBe(sid.failure);
      expect(sid.loads).toHaveLength(1);
      expect(exchange.loaded(sid)).toBeUndefined();
      expect(exchange.commit()).toBeUndefined();
    });

    it('does not touch the response until somebody asks', () => {
      const { response } = bench();
      expect(Object.hasOwn(response, 'end')).toBe(false);
      expect(response.listenerCount('close')).toBe(0);
    });
  });

  it('loaded() gives a session when it is loaded, not before, and no other', async () => {
    const { exchange, sid, cart } = bench();
    expect(exchange.loaded(sid)).toBeUndefined();
    const loading = exchange.load(sid);
    expect(exchange.loaded(sid)).toBeUndefined();
    await loading;
    expect(exchange.loaded(sid)).toBe(sid.tracked);
    expect(exchange.loaded(cart)).toBeUndefined();
  });

  describe('state', () => {
    it('is open, then begun when the head leaves', async () => {
      const { exchange, response, sid } = bench();
      expect(exchange.state).toBe('open');
      await exchange.load(sid);
      expect(exchange.state).toBe('open');
      response.end('x');
      expect(exchange.state).toBe('begun');
    });

    it('is begun when the head had left before somebody asked', async () => {
      const { exchange, response, sid } = bench();
      response.flushHeaders();
      await exchange.load(sid);
      expect(exchange.state).toBe('begun');
    });

    it('is gone when the client has gone before the head left', async () => {
      const { exchange, response, sid } = bench();
      await exchange.load(sid);
      response.destroy();
      expect(exchange.state).toBe('gone');
    });
  });

  describe('commit()', () => {
    it('is undefined when no session has anything to store', async () => {
      const { exchange, sid, cart } = bench();
      expect(exchange.commit()).toBeUndefined();
      await Promise.all([exchange.load(sid), exchange.load(cart)]);
      expect(exchange.commit()).toBeUndefined();
    });

    it('A18: commits all at once and waits for all, also when one fails, whose error it gives', async () => {
      const { exchange, sid, cart } = bench();
      await Promise.all([exchange.load(sid), exchange.load(cart)]);
      const error = new SessionConflictError('first');
      let finish = (): void => undefined;
      sid.tracked.commits = [Promise.reject(error)];
      cart.tracked.commits = [new Promise((resolve) => (finish = resolve))];
      let settled = false;
      const commit = Promise.resolve(exchange.commit()).finally(() => (settled = true));
      commit.catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
      expect(settled).toBe(false);
      finish();
      await expect(commit).rejects.toBe(error);
    });
  });

  describe('head()', () => {
    it('A1, A2: of sessions that were not used and say nothing leaves the head as it is', async () => {
      const { exchange, response, sid } = bench();
      await exchange.load(sid);
      exchange.head(response, 200);
      expect({ ...response.getHeaders() }).toEqual({});
    });

    it('of a session that the client brought varies by the cookie, and is private', async () => {
      const { exchange, response, sid } = bench();
      sid.tracked.presented = 'token';
      await exchange.load(sid);
      response.setHeader('Vary', 'Accept');
      exchange.head(response, 200);
      expect({ ...response.getHeaders() }).toEqual({ vary: 'Accept, Cookie', 'cache-control': 'private' });
    });

    it('of a session that the client brought varies by every header in which it may come', async () => {
      const { exchange, response } = bench('sid=token');
      const header = new HeaderTransport({ name: 'X-Session', scheme: undefined });
      const either = new FakeSession('sid', new TransportChain([cookieNamed('sid'), header]));
      either.tracked.presented = 'token';
      await exchange.load(either);
      exchange.head(response, 200);
      expect({ ...response.getHeaders() }).toEqual({ vary: 'Cookie, X-Session', 'cache-control': 'private' });
    });

    it.each<[outgoing: Outgoing, presented: string | undefined]>([
      [{ value: 'token', sending: 'once' }, 'old'],
      [{ value: 'token', sending: 'always' }, undefined],
      ['clear', undefined],
      ['clear', 'old'],
    ])(
      'gives the transport, with %j, the headers of the request and what was presented: %s',
      async (outgoing, presented) => {
        const { exchange, raw, response } = bench('sid=x', { protocol: 'https' });
        const transport = new NotingTransport({ name: 'X-Session', scheme: undefined });
        const session = new FakeSession('sid', transport);
        Object.assign(session.tracked, { outgoing, presented });
        await exchange.load(session);
        exchange.head(response, 200);
        const what = typeof outgoing === 'object' ? outgoing.value : 'clear';
        expect(transport.deliveries).toEqual([[what, { secure: true, request: raw.headers, presented }]]);
        expect(transport.deliveries[0]?.[1].request).toBe(raw.headers);
        expect(response.getHeader('X-Session')).toBe(what === 'clear' ? '' : 'token');
        expect(response.getHeader('Cache-Control')).toBe('no-store');
      },
    );

    it('answers a client the way it came', async () => {
      for (const [cookie, field] of [
        ['sid=old', 'Set-Cookie'],
        [undefined, 'X-Session'],
      ] as const) {
        const { exchange, raw, response } = bench(cookie);
        if (cookie === undefined) raw.headers = { 'x-session': 'old' };
        const header = new HeaderTransport({ name: 'X-Session', scheme: undefined });
        const either = new FakeSession('sid', new TransportChain([cookieNamed('sid'), header]));
        either.tracked.outgoing = { value: 'new', sending: 'once' };
        either.tracked.presented = 'old';
        await exchange.load(either);
        expect(either.loads).toEqual([['old']]);
        exchange.head(response, 200);
        expect(response.getHeaderNames().filter((name) => /^(set-cookie|x-session)$/.test(name))).toEqual([
          field.toLowerCase(),
        ]);
      }
    });

    it('A3: with a token sets the cookie and no-store, beside the cookies of the app', async () => {
      const { exchange, response, sid, cart } = bench();
      sid.tracked.outgoing = { value: 'token', sending: 'once' };
      cart.tracked.outgoing = 'clear';
      await Promise.all([exchange.load(sid), exchange.load(cart)]);
      response.setHeader('Set-Cookie', 'app=1');
      response.setHeader('Cache-Control', 'public, max-age=60');
      exchange.head(response, 200);
      expect(response.getHeader('Set-Cookie')).toEqual([
        'app=1',
        'sid=token; Path=/; HttpOnly; SameSite=Lax',
        expect.stringMatching(/^cart=; Max-Age=0;/),
      ]);
      expect(response.getHeader('Cache-Control')).toBe('no-store');
    });

    it.each<[platform: object, encrypted: boolean, secure: boolean]>([
      [{ protocol: 'https' }, false, true],
      [{ protocol: 'http' }, true, false],
      [{}, true, true],
      [{}, false, false],
    ])(
      'with the platform request %j over a socket encrypted: %s, is secure: %s',
      async (platform, encrypted, secure) => {
        const { exchange, raw, response, sid } = bench(undefined, platform);
        Object.assign(raw.socket, { encrypted });
        sid.tracked.outgoing = { value: 'token', sending: 'once' };
        await exchange.load(sid);
        exchange.head(response, 200);
        expect(String(response.getHeader('Set-Cookie')).includes('; Secure')).toBe(secure);
      },
    );

    it("knows the platform's request when it began with the raw one", async () => {
      const { exchange, response, sid } = bench(undefined, {});
      sid.tracked.outgoing = { value: 'token', sending: 'once' };
      exchange.know({ protocol: 'https' });
      exchange.know({ protocol: 'http' });
      await exchange.load(sid);
      exchange.head(response, 200);
      expect(String(response.getHeader('Set-Cookie'))).toContain('; Secure');
    });

    it.each<[status: number, outage: boolean, own: string | undefined, expected: string | undefined]>([
      [503, true, undefined, '5'],
      [503, true, '60', '60'],
      [503, false, undefined, undefined],
      [200, true, undefined, undefined],
    ])('D1: of %d, outage: %s, own Retry-After: %s, says Retry-After: %s', async (status, outage, own, expected) => {
      const { exchange, response } = bench();
      if (own !== undefined) response.setHeader('Retry-After', own);
      if (outage) (exchange as Reply).outage();
      exchange.head(response, status);
      expect(response.getHeader('Retry-After')).toBe(expected);
    });

    it.each<[sending: 'once' | 'always', cookies: number]>([
      ['once', 0],
      ['always', 1],
    ])('D3, C11: of an answer that storing failed hands out a token that is to go %s: %d', async (sending, cookies) => {
      const { exchange, response, sid, cart } = bench();
      sid.tracked.outgoing = { value: 'token', sending };
      cart.tracked.commits = [Promise.reject(new SessionConflictError('told'))];
      await Promise.all([exchange.load(sid), exchange.load(cart)]);
      await expect(exchange.commit()).rejects.toThrow('told');
      exchange.head(response, 409);
      expect([response.getHeader('Set-Cookie') ?? []].flat()).toHaveLength(cookies);
    });

    it('hands out a token again once a later commit has stored it', async () => {
      const { exchange, response, sid } = bench();
      sid.tracked.outgoing = { value: 'token', sending: 'once' };
      sid.tracked.commits = [Promise.reject(new SessionConflictError('told')), Promise.resolve()];
      await exchange.load(sid);
      await expect(exchange.commit()).rejects.toThrow('told');
      await exchange.commit();
      exchange.head(response, 200);
      expect(response.getHeader('Set-Cookie')).toEqual([expect.stringMatching(/^sid=token;/)]);
    });

    it('D5: of an outage neither sets nor clears, whoever answers 503', async () => {
      const { exchange, response, sid, cart } = bench();
      sid.tracked.outgoing = 'clear';
      cart.tracked.outgoing = { value: 'token', sending: 'once' };
      await Promise.all([exchange.load(sid), exchange.load(cart)]);
      exchange.outage();
      exchange.head(response, 503);
      expect(response.getHeader('Set-Cookie')).toBeUndefined();
    });

    it('D1: says when to try again when a session could not be loaded', async () => {
      const { exchange, response, sid } = bench();
      sid.failure = new SessionStorageError('down');
      await exchange.load(sid).catch(() => undefined);
      exchange.head(response, 503);
      expect(response.getHeader('Retry-After')).toBe('5');
    });
  });

  it('failure() logs the error and gives the answer to it', () => {
    const { exchange, log } = bench();
    const error = new SessionConflictError('told');
    expect(exchange.failure(error)).toMatchObject({ status: 409, body: '{"statusCode":409,"message":"told"}' });
    expect(log.failures).toEqual([error]);
  });

  it('late() logs the error', () => {
    const { exchange, log } = bench();
    const error = new Error('late');
    exchange.late(error);
    expect(log.lates).toEqual([error]);
  });

  it('answeredWith() says when to try again after an error of a storage, also where no session is loaded', () => {
    const { exchange, response } = bench();
    exchange.answeredWith(new SessionStorageError('Cannot reach session storage'));
    response.statusCode = 503;
    response.writeHead(503);
    expect(response.getHeader('Retry-After')).toBe('5');
  });

  it('answeredWith() leaves a response alone that another app has put behind its gate', async () => {
    const { exchange, response } = bench();
    await exchange.load(new FakeSession('outer'));
    const inner = new Exchange(new IncomingMessage(new Socket()), {}, response, { failed: () => {}, late: () => {} });
    expect(() => inner.answeredWith(new SessionStorageError('Cannot reach session storage'))).not.toThrow();
  });

  it('answeredWith() tells all sessions that are loaded', async () => {
    const { exchange, sid, cart } = bench();
    await exchange.load(sid);
    const error = new Error('of the app');
    exchange.answeredWith(error);
    expect(sid.tracked.told).toEqual([error]);
    expect(cart.tracked.told).toEqual([]);
  });
});
