import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brokenCookieRule, type CookieAttributes } from '../../../src/transport/cookie-rules.js';
import { CookieTransport } from '../../../src/transport/cookie-transport.js';
import { delivery } from './test-delivery.js';
import { TestHeaders } from './test-headers.js';

const good: CookieAttributes = {
  path: '/',
  domain: undefined,
  maxAge: undefined,
  httpOnly: true,
  secure: 'auto',
  sameSite: 'lax',
  partitioned: false,
  priority: undefined,
};

describe('brokenCookieRule()', () => {
  it.each<[name: string, change: Partial<CookieAttributes>, option: string, cure: string]>([
    ['', {}, 'name', "must be a cookie name: letters, digits and !#$%&'*+-.^_`|~"],
    ['a b', {}, 'name', 'must be a cookie name'],
    ['a=b', {}, 'name', 'must be a cookie name'],
    ['a;b', {}, 'name', 'must be a cookie name'],
    ['a\r\nb', {}, 'name', 'must be a cookie name'],
    ['sitzung-für', {}, 'name', 'must be a cookie name'],
    ['sid', { path: '' }, 'cookie.path', "must start with '/', hold no ';' or '<' and be at most 1024 characters"],
    ['sid', { path: `/${'a'.repeat(1024)}` }, 'cookie.path', 'must start with'],
    ['sid', { path: 'shop' }, 'cookie.path', "must start with '/'"],
    ['sid', { path: '/a;b' }, 'cookie.path', "must start with '/'"],
    ['sid', { path: '/a\n' }, 'cookie.path', "must start with '/'"],
    ['sid', { path: '/ü' }, 'cookie.path', "must start with '/'"],
    // The package `cookie` would throw at each response
    ['sid', { path: '/<' }, 'cookie.path', 'must'],
    ['sid', { domain: '' }, 'cookie.domain', 'must be a host name'],
    ['sid', { domain: 'a..b' }, 'cookie.domain', 'must be a host name'],
    ['sid', { domain: 'a b' }, 'cookie.domain', 'must be a host name'],
    ['sid', { domain: '-a.example' }, 'cookie.domain', 'must be a host name'],
    ['sid', { domain: 'a.example; Path=/' }, 'cookie.domain', 'must be a host name'],
    ['sid', { domain: 'https://a.example' }, 'cookie.domain', 'must be a host name'],
    ['sid', { domain: `${'a'.repeat(64)}.example` }, 'cookie.domain', 'must be a host name'],
    ['sid', { domain: `${'a.'.repeat(126)}bc` }, 'cookie.domain', 'must be a host name'],
    ['sid', { sameSite: 'none' }, 'cookie.secure', "must be true with sameSite 'none'"],
    ['sid', { sameSite: 'none', secure: false }, 'cookie.secure', "must be true with sameSite 'none'"],
    ['sid', { partitioned: true }, 'cookie.secure', 'must be true with partitioned'],
    ['__Host-sid', {}, 'cookie.secure', 'must be true with the name prefix __Host-'],
    ['__Secure-sid', { secure: false }, 'cookie.secure', 'must be true with the name prefix __Secure-'],
    ['__SECURE-sid', {}, 'cookie.secure', 'must be true with the name prefix __SECURE-'],
    ['__Http-sid', {}, 'cookie.secure', 'must be true with the name prefix __Http-'],
    [
      '__Host-sid',
      { secure: true, domain: 'a.example' },
      'cookie.domain',
      'must not be set with the name prefix __Host-',
    ],
    ['__Host-sid', { secure: true, path: '/shop' }, 'cookie.path', "must be '/' with the name prefix __Host-"],
    [
      '__Host-Http-sid',
      { secure: true, path: '/shop' },
      'cookie.path',
      "must be '/' with the name prefix __Host-Http-",
    ],
    ['__Http-sid', { secure: true, httpOnly: false }, 'cookie.httpOnly', 'must be true with the name prefix __Http-'],
    [
      '__Host-Http-sid',
      { secure: true, httpOnly: false },
      'cookie.httpOnly',
      'must be true with the name prefix __Host-Http-',
    ],
  ])('%j with %j: %s %s', (name, change, option, cure) => {
    const broken = brokenCookieRule(name, { ...good, ...change });
    expect(broken).toEqual({ option, cure: expect.stringContaining(cure) });
  });

  it.each<[name: string, change: Partial<CookieAttributes>]>([
    ['sid', {}],
    ["!#$%&'*+-.^_`|~09AZaz", {}],
    ['sid', { path: '/shop/a b=c,d' }],
    ['sid', { path: `/${'a'.repeat(1023)}` }],
    ['sid', { domain: `${'a.'.repeat(126)}b` }],
    ['sid', { domain: 'a.example' }],
    ['sid', { domain: '.a.example' }],
    ['sid', { domain: 'localhost' }],
    ['sid', { domain: '127.0.0.1' }],
    ['sid', { sameSite: 'none', secure: true }],
    ['sid', { sameSite: 'none', secure: true, partitioned: true }],
    ['sid', { secure: false, httpOnly: false, priority: 'high' }],
    ['__Host-sid', { secure: true }],
    ['__Secure-sid', { secure: true, path: '/shop', domain: 'a.example' }],
    ['__Http-sid', { secure: true, path: '/shop' }],
    ['__Host-Http-sid', { secure: true }],
    ['__Hostess', {}],
  ])('%j with %j breaks none', (name, change) => {
    expect(brokenCookieRule(name, { ...good, ...change })).toBeUndefined();
  });

  it('refuses at start whatever could not be sent later', () => {
    const label = fc.string({ unit: fc.constantFrom(...'ab-9A_'), maxLength: 70 });
    const attributes = fc.record({
      path: fc.oneof(
        fc.constant('/'),
        fc.string({ unit: 'binary-ascii', maxLength: 8 }).map((text) => `/${text}`),
      ),
      domain: fc.option(
        fc.array(label, { maxLength: 4 }).map((labels) => labels.join('.')),
        { nil: undefined },
      ),
      maxAge: fc.option(fc.integer({ min: 1000, max: 400 * 24 * 3_600_000 }), { nil: undefined }),
      httpOnly: fc.boolean(),
      secure: fc.constantFrom(true, false, 'auto' as const),
      sameSite: fc.constantFrom('lax', 'strict', 'none'),
      partitioned: fc.boolean(),
      priority: fc.constantFrom(undefined, 'low', 'medium', 'high'),
    });
    const name = fc.oneof(fc.constant('sid'), fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 6 }));
    fc.assert(
      fc.property(name, attributes, (name, attributes) => {
        fc.pre(brokenCookieRule(name, attributes) === undefined);
        const transport = new CookieTransport(name, attributes);
        expect(() => transport.send(new TestHeaders(), 'value', delivery({ secure: true }))).not.toThrow();
        expect(() => transport.clear(new TestHeaders(), delivery())).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});
