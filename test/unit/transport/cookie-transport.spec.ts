import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { formatToken, parseToken } from '../../../src/tracker/token.js';
import type { CookieAttributes } from '../../../src/transport/cookie-rules.js';
import { CookieTransport } from '../../../src/transport/cookie-transport.js';
import { cookieValues } from '../../../src/transport/cookie-values.js';
import type { Delivery } from '../../../src/transport/session-transport.js';
import { delivery } from './test-delivery.js';
import { TestHeaders } from './test-headers.js';

const attributes: CookieAttributes = {
  path: '/',
  domain: undefined,
  maxAge: undefined,
  httpOnly: true,
  secure: 'auto',
  sameSite: 'lax',
  partitioned: false,
  priority: undefined,
};
const http = delivery();
const https = delivery({ secure: true });

/** What a browser makes of the Set-Cookie fields: the pairs of its next Cookie header. */
const pairsOf = (headers: TestHeaders): string[] =>
  [headers.getHeader('Set-Cookie') ?? []].flat().map((field) => String(field).split(';')[0] as string);

describe('cookieValues()', () => {
  it.each([
    ['sid=a', ['a']],
    ['sid=a; sid=b', ['a', 'b']],
    ['sid=b; x=1; sid=a', ['b', 'a']],
    ['sid=a; sid=a', ['a']],
    ['sid=', ['']],
    ['sid=;sid=a', ['', 'a']],
    ['xsid=a; sid2=b; s=c', []],
    ['xsid=x; sid=a; sid2=y', ['a']],
    ['xsid=sid=a', []],
    ['x=sid=a', []],
    ['SID=a; Sid=b', []],
    ['sid=a=b==', ['a=b==']],
    ['sid="a"', ['"a"']],
    ['sid="a;b"', ['"a']],
    ['sid= a ', ['a']],
    ['x=1;   sid=a   ;y=2', ['a']],
    ['x=1;sid=a;y=2', ['a']],
    [';;sid=a;;', ['a']],
    ['sid', []],
    ['sid; sid=a', ['a']],
    ['=sid=a', []],
    ['sid=%41', ['%41']],
    ['sid=a,sid=b', ['a,sid=b']],
    ['', []],
  ])('reads %j as %j', (header, expected) => {
    expect(cookieValues(header, 'sid')).toEqual(expected);
  });

  it('reads a name with characters that mean something in patterns', () => {
    expect(cookieValues('a.b=1; aXb=2; a*b=3', 'a.b')).toEqual(['1']);
    expect(cookieValues('__Host-sid=1', '__Host-sid')).toEqual(['1']);
  });

  it('never throws, for any header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (header) => {
        for (const value of cookieValues(`${header}; sid=${header}`, 'sid')) expect(header).toContain(value);
      }),
    );
  });
});

describe('CookieTransport', () => {
  const transport = new CookieTransport('sid', attributes);

  it('receive() gives nothing without a Cookie header', () => {
    expect(transport.receive({})).toEqual([]);
  });

  it('vary names the field that it reads', () => {
    expect(transport.vary).toEqual(['Cookie']);
  });

  it('maxLength leaves 4,096 bytes for name and value together', () => {
    for (const name of ['s', 'sid', '__Host-session', 'n'.repeat(1024)]) {
      expect(new CookieTransport(name, attributes).maxLength).toBe(4096 - name.length);
    }
  });

  it('refreshes where the browser keeps the cookie for a limited time', () => {
    expect(transport.refreshes).toBe(false);
    expect(new CookieTransport('sid', { ...attributes, maxAge: 1000 }).refreshes).toBe(true);
  });

  it.each<[cookie: string | undefined, isUsed: boolean]>([
    ['sid=value', true],
    ['a=1; sid=', true],
    ['sid2=value; xsid=value', false],
    ['', false],
    [undefined, false],
  ])('isUsedBy() a client with the cookies %j: %j', (cookie, isUsed) => {
    expect(transport.isUsedBy(cookie === undefined ? {} : { cookie })).toBe(isUsed);
  });

  describe('carry()', () => {
    const carried = (fields?: Record<string, string>) => transport.carry('value', fields);

    it('makes the Cookie field of a client that was handed the value', () => {
      expect(carried()).toEqual({ Cookie: 'sid=value' });
      expect(carried({ Accept: 'text/html' })).toEqual({ Accept: 'text/html', Cookie: 'sid=value' });
      expect(transport.receive({ cookie: carried()['Cookie'] })).toEqual(['value']);
    });

    it('keeps other cookies and replaces its own, under the name that the field has', () => {
      expect(carried({ Cookie: 'a=1; xsid=2' })).toEqual({ Cookie: 'a=1; xsid=2; sid=value' });
      expect(carried({ cookie: 'a=1;sid=old;sid2=2;' })).toEqual({ cookie: 'a=1; sid2=2; sid=value' });
      expect(carried({ Cookie: '' })).toEqual({ Cookie: 'sid=value' });
    });

    it('leaves the fields that it was given alone', () => {
      const fields = Object.freeze({ Cookie: 'a=1' });
      expect(carried(fields)).not.toBe(fields);
      expect(fields).toEqual({ Cookie: 'a=1' });
    });
  });

  it('any token comes back through Set-Cookie and Cookie, among any other cookies', () => {
    const octet = fc.string({ unit: fc.constantFrom(...'abXY019-_.!#$&()*+/:<=>?@[]^`{|}~"%'), maxLength: 12 });
    const name = fc
      .string({ unit: fc.constantFrom(...'abisdID_-.'), minLength: 1, maxLength: 5 })
      .filter((name) => name !== 'sid');
    const others = fc.array(
      fc.tuple(name, octet).map((pair) => pair.join('=')),
      { maxLength: 5 },
    );
    const bytes = fc.uint8Array({ minLength: 48, maxLength: 48 });
    fc.assert(
      fc.property(bytes, others, others, fc.constantFrom(';', '; ', ' ; '), (bytes, before, after, semicolon) => {
        const text = (from: number, to: number): string => Buffer.from(bytes.subarray(from, to)).toString('base64url');
        const token = formatToken({ id: text(0, 16), secret: text(16, 48) });
        const headers = new TestHeaders({ 'set-cookie': before });
        transport.send(headers, token, http);
        const pairs = pairsOf(headers);
        expect(pairs).toEqual([...before, `sid=${token}`]);
        const values = transport.receive({ cookie: [...pairs, ...after].join(semicolon) });
        expect(values).toEqual([token]);
        expect(parseToken(values[0] as string, false)).toEqual({ id: text(0, 16), secret: text(16, 48) });
      }),
    );
  });

  describe('send()', () => {
    const clock = new ManualClock(Date.UTC(2030, 0, 1));
    const sent = (change: Partial<CookieAttributes>, delivery = http): unknown => {
      const headers = new TestHeaders();
      new CookieTransport('sid', { ...attributes, ...change }, { clock }).send(headers, 'value', delivery);
      return headers.getHeader('Set-Cookie');
    };

    it('sets a browser session by default: HttpOnly, SameSite=Lax, Path=/', () => {
      expect(sent({})).toEqual(['sid=value; Path=/; HttpOnly; SameSite=Lax']);
    });

    it('adds Secure by itself over HTTPS', () => {
      expect(sent({}, https)).toEqual(['sid=value; Path=/; HttpOnly; Secure; SameSite=Lax']);
    });

    it('adds Secure over HTTPS where it is told to, and not where it is told not to', () => {
      expect(sent({ secure: true }, https)).toEqual([expect.stringContaining('; Secure')]);
      expect(sent({ secure: false }, https)).toEqual([expect.not.stringContaining('Secure')]);
      expect(sent({ secure: false }, http)).toEqual([expect.not.stringContaining('Secure')]);
    });

    it('adds every attribute', () => {
      const all = {
        path: '/shop',
        domain: 'a.example',
        maxAge: 90_500,
        sameSite: 'none',
        partitioned: true,
        priority: 'high',
      } as const;
      const [field] = sent({ ...all, secure: true }, https) as [string];
      expect(field.split('; ').toSorted()).toEqual([
        'Domain=a.example',
        'Expires=Tue, 01 Jan 2030 00:01:30 GMT',
        'HttpOnly',
        'Max-Age=90',
        'Partitioned',
        'Path=/shop',
        'Priority=High',
        'SameSite=None',
        'Secure',
        'sid=value',
      ]);
    });

    it("keeps the app's other cookies, whether one or several, in their order", () => {
      for (const others of [['xsid=1; Path=/', 'sid2=2', 'a=sid=3'], ['a=1'], []]) {
        const headers = new TestHeaders(
          others.length === 1 ? { 'Set-Cookie': others[0] as string } : { 'Set-Cookie': others },
        );
        transport.send(headers, 'value', http);
        expect(headers.getHeader('Set-Cookie')).toEqual([...others, 'sid=value; Path=/; HttpOnly; SameSite=Lax']);
      }
    });

    it('replaces what was set for the name before', () => {
      const headers = new TestHeaders({ 'Set-Cookie': ['sid=planted; Path=/x', 'a=1'] });
      transport.send(headers, 'first', http);
      transport.send(headers, 'second', http);
      expect(pairsOf(headers)).toEqual(['a=1', 'sid=second']);
    });
  });

  describe('clear()', () => {
    it('sets an empty value in the past, with every attribute that it was sent with', () => {
      const all = {
        path: '/shop',
        domain: 'a.example',
        maxAge: 90_000,
        sameSite: 'none',
        partitioned: true,
        priority: 'low',
      } as const;
      const transport = new CookieTransport('sid', { ...attributes, ...all, secure: true });
      const [sent, cleared] = [new TestHeaders(), new TestHeaders()];
      transport.send(sent, 'value', https);
      transport.clear(cleared, https);
      const attributesOf = (headers: TestHeaders): string[] =>
        ((headers.getHeader('Set-Cookie') as string[])[0] as string)
          .split('; ')
          .filter((part) => !/^(sid|Max-Age|Expires)=/.test(part))
          .toSorted();
      expect(attributesOf(cleared)).toEqual(attributesOf(sent));
      expect(cleared.getHeader('Set-Cookie')).toEqual([
        expect.stringMatching(/^sid=; Max-Age=0;.*Expires=Thu, 01 Jan 1970 00:00:00 GMT/),
      ]);
    });

    it("replaces what was set for the name before, and keeps the app's other cookies", () => {
      const headers = new TestHeaders({ 'Set-Cookie': 'a=1' });
      transport.send(headers, 'value', https);
      transport.clear(headers, https);
      expect(pairsOf(headers)).toEqual(['a=1', 'sid=']);
    });
  });

  describe('with secure: true', () => {
    const secured = (warnings: string[], name = 'sid') =>
      new CookieTransport(name, { ...attributes, secure: true }, { warn: (message) => warnings.push(message) });
    const answered = (delivery: Delivery, act: 'send' | 'clear' = 'send') => {
      const [headers, warnings] = [new TestHeaders({ 'Set-Cookie': 'a=1' }), [] as string[]];
      const transport = secured(warnings);
      if (act === 'send') transport.send(headers, 'value', delivery);
      else transport.clear(headers, delivery);
      return { pairs: pairsOf(headers), warnings };
    };
    const plain = (request: Delivery['request']): Delivery =>
      delivery({ request: { host: 'shop.example', ...request } });

    it.each(['send', 'clear'] as const)('%s() withholds the cookie over plain HTTP, and warns', (act) => {
      const { pairs, warnings } = answered(plain({}), act);
      expect(pairs).toEqual(['a=1']);
      expect(warnings).toHaveLength(1);
    });

    it('warns once, of the session, the reason and the cure, and of no value', () => {
      const warnings: string[] = [];
      const transport = secured(warnings, '__Host-cart');
      for (let times = 0; times < 3; times++) transport.send(new TestHeaders(), 'v4lue', plain({ cookie: 'c00kie=1' }));
      transport.clear(new TestHeaders(), plain({}));
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain('session "__Host-cart"');
      expect(warnings[0]).toContain('it is Secure and the request came over plain HTTP');
      expect(warnings[0]).toContain('serve HTTPS, or let the proxy that does send X-Forwarded-Proto');
      expect(warnings[0]).not.toMatch(/v4lue|c00kie|shop\.example/);
    });

    it('withholds it without anybody to warn', () => {
      const headers = new TestHeaders();
      new CookieTransport('sid', { ...attributes, secure: true }).send(headers, 'value', plain({}));
      expect(headers.all).toEqual({});
    });

    it.each<[what: string, delivery: Delivery]>([
      ['HTTPS', { ...plain({}), secure: true }],
      ['plain HTTP to a host of its own machine', plain({ host: 'localhost:3000' })],
      ['a proxy that speaks HTTPS, and that the app does not trust', plain({ 'x-forwarded-proto': 'https' })],
    ])('sends it over %s, and warns of nothing', (_what, delivery) => {
      for (const act of ['send', 'clear'] as const) {
        expect(answered(delivery, act)).toEqual({
          pairs: ['a=1', act === 'send' ? 'sid=value' : 'sid='],
          warnings: [],
        });
      }
    });

    it('leaves a cookie that is not Secure alone', () => {
      for (const secure of [false, 'auto'] as const) {
        const [headers, warnings] = [new TestHeaders(), [] as string[]];
        const surroundings = { warn: (message: string) => warnings.push(message) };
        new CookieTransport('sid', { ...attributes, secure }, surroundings).send(headers, 'value', plain({}));
        expect([pairsOf(headers), warnings]).toEqual([['sid=value'], []]);
      }
    });
  });
});
