import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { CookieAttributes } from '../../../src/transport/cookie-rules.js';
import { CookieTransport } from '../../../src/transport/cookie-transport.js';
import { HeaderTransport } from '../../../src/transport/header-transport.js';
import { TransportChain } from '../../../src/transport/transport-chain.js';
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
const cookie = new CookieTransport('sid', attributes);
const header = new HeaderTransport({ name: 'x-session', scheme: undefined });
const chain = new TransportChain([cookie, header]);

/** Which fields an answer has, by their values. */
function fieldsOf(headers: TestHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers.all).map(([name, value]) => [name, String([value].flat()[0]).split(';')[0] as string]),
  );
}

function sent(request: IncomingHttpHeaders, presented?: string, value = 'new'): Record<string, string> {
  const headers = new TestHeaders();
  chain.send(headers, value, delivery({ request, presented }));
  return fieldsOf(headers);
}

function cleared(request: IncomingHttpHeaders, presented?: string): Record<string, string> {
  const headers = new TestHeaders();
  chain.clear(headers, delivery({ request, presented }));
  return fieldsOf(headers);
}

describe('TransportChain', () => {
  it('vary names the fields of all', () => {
    expect(chain.vary).toEqual(['Cookie', 'x-session']);
  });

  it('maxLength is the least', () => {
    expect(cookie.maxLength).toBeLessThan(header.maxLength);
    expect(chain.maxLength).toBe(cookie.maxLength);
    expect(new TransportChain([header, cookie]).maxLength).toBe(cookie.maxLength);
  });

  it('refreshes when one of them does', () => {
    expect(chain.refreshes).toBe(false);
    const lasting = new CookieTransport('sid', { ...attributes, maxAge: 1000 });
    expect(new TransportChain([lasting, header]).refreshes).toBe(true);
    expect(new TransportChain([header, lasting]).refreshes).toBe(true);
  });

  it.each<[request: IncomingHttpHeaders, values: string[], isUsed: boolean]>([
    [{}, [], false],
    [{ cookie: 'sid=a' }, ['a'], true],
    [{ 'x-session': 'a' }, ['a'], true],
    [{ 'x-session': '' }, [], true],
    [{ 'x-session': 'b', cookie: 'sid=a' }, ['a', 'b'], true],
    [{ 'x-session': 'b, a', cookie: 'sid=a; sid=c' }, ['a', 'c', 'b'], true],
    [{ 'x-session': 'a', cookie: 'sid=a' }, ['a'], true],
    [{ cookie: 'other=a' }, [], false],
  ])('receives from %j, in order of preference: %j', (request, values, isUsed) => {
    expect(chain.receive(request)).toEqual(values);
    expect(chain.isUsedBy(request)).toBe(isUsed);
  });

  it('carry() is that of the first', () => {
    expect(chain.carry('value', { Accept: '*/*' })).toEqual({ Accept: '*/*', Cookie: 'sid=value' });
    expect(new TransportChain([header, cookie]).carry('value')).toEqual({ 'x-session': 'value' });
  });

  describe('send()', () => {
    it.each<[what: string, request: IncomingHttpHeaders, presented: string | undefined, fields: object]>([
      ['a client that brought nothing, by the first', {}, undefined, { 'set-cookie': 'sid=new' }],
      ['a new client with an empty header, by header', { 'x-session': '' }, undefined, { 'x-session': 'new' }],
      ['a client with an unknown header, by header', { 'x-session': 'a' }, undefined, { 'x-session': 'new' }],
      ['a client with an unknown cookie, by cookie', { cookie: 'sid=a' }, undefined, { 'set-cookie': 'sid=new' }],
      [
        'a client with two unknown ones, by the first',
        { cookie: 'sid=a', 'x-session': 'b' },
        undefined,
        { 'set-cookie': 'sid=new' },
      ],
      ['a session in a cookie, by cookie', { cookie: 'sid=a' }, 'a', { 'set-cookie': 'sid=new' }],
      ['a session in a header, by header', { 'x-session': 'a' }, 'a', { 'x-session': 'new' }],
      [
        'a session in a cookie beside an unknown header, by cookie',
        { cookie: 'sid=a', 'x-session': 'b' },
        'a',
        { 'set-cookie': 'sid=new' },
      ],
      [
        'a session in a header beside an unknown cookie, by header',
        { cookie: 'sid=a', 'x-session': 'b' },
        'b',
        { 'x-session': 'new' },
      ],
      [
        'a session in both, by both',
        { cookie: 'sid=a', 'x-session': 'a' },
        'a',
        { 'set-cookie': 'sid=new', 'x-session': 'new' },
      ],
    ])('answers %s', (_what, request, presented, fields) => {
      expect(sent(request, presented)).toEqual(fields);
    });

    it('refreshes the cookie of who came with one, and sends no header what its client has', () => {
      expect(sent({ cookie: 'sid=a', 'x-session': 'a' }, 'a', 'a')).toEqual({ 'set-cookie': 'sid=a' });
      expect(sent({ 'x-session': 'a' }, 'a', 'a')).toEqual({});
    });
  });

  describe('clear()', () => {
    it.each<[what: string, request: IncomingHttpHeaders, presented: string | undefined, fields: object]>([
      ['a malformed cookie, in the cookie', { cookie: 'sid=?' }, undefined, { 'set-cookie': 'sid=' }],
      ['a malformed header, in the header', { 'x-session': '?' }, undefined, { 'x-session': '' }],
      [
        'malformed ones in both',
        { cookie: 'sid=?', 'x-session': '!' },
        undefined,
        { 'set-cookie': 'sid=', 'x-session': '' },
      ],
      ['a session in a cookie, in the cookie', { cookie: 'sid=a' }, 'a', { 'set-cookie': 'sid=' }],
      ['a session in a header, in the header', { 'x-session': 'a' }, 'a', { 'x-session': '' }],
      [
        'a session in both, in both',
        { cookie: 'sid=a', 'x-session': 'a' },
        'a',
        { 'set-cookie': 'sid=', 'x-session': '' },
      ],
      [
        'a session in one, and what the client has in the other',
        { cookie: 'sid=a', 'x-session': 'b' },
        'b',
        { 'set-cookie': 'sid=', 'x-session': '' },
      ],
      ['a session that was started just now, where it was sent', {}, undefined, { 'set-cookie': 'sid=' }],
    ])('clears %s', (_what, request, presented, fields) => {
      expect(cleared(request, presented)).toEqual(fields);
    });
  });
});
