import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeaderTransport } from '../../../src/transport/header-transport.js';
import { delivery } from './test-delivery.js';
import { TestHeaders } from './test-headers.js';

const own = new HeaderTransport({ name: 'X-Session', scheme: undefined });
const bearer = new HeaderTransport({ name: 'Authorization', scheme: 'Bearer' });

describe('HeaderTransport', () => {
  it('vary names its header', () => {
    expect(own.vary).toEqual(['X-Session']);
    expect(bearer.vary).toEqual(['Authorization']);
  });

  it('maxLength leaves 8,192 characters for the whole line', () => {
    expect('X-Session: '.length + own.maxLength).toBe(8192);
    expect('Authorization: Bearer '.length + bearer.maxLength).toBe(8192);
  });

  it('has nothing to refresh: a client keeps a header for as long as it likes', () => {
    expect(own.refreshes).toBe(false);
  });

  describe('receive()', () => {
    it.each<[header: string | undefined, expected: string[]]>([
      [undefined, []],
      ['', []],
      [' ', []],
      [',', []],
      ['a', ['a']],
      ['  a ', ['a']],
      ['a, b', ['a', 'b']],
      ['b,a,b', ['b', 'a']],
      ['a,,b,', ['a', 'b']],
      ['a b', ['a b']],
      ['Bearer a', ['Bearer a']],
      ['%41', ['%41']],
      ['"a"', ['"a"']],
    ])('without a scheme reads %j as %j', (header, expected) => {
      expect(own.receive(header === undefined ? {} : { 'x-session': header })).toEqual(expected);
    });

    it.each<[header: string | undefined, expected: string[]]>([
      [undefined, []],
      ['', []],
      ['Bearer', []],
      ['Bearer ', []],
      ['Bearer a', ['a']],
      ['bearer a', ['a']],
      ['BEARER   a', ['a']],
      ['Bearer a, Bearer b', ['a', 'b']],
      ['Bearer a, bearer a', ['a']],
      ['Basic YTpi', []],
      ['Basic YTpi, Bearer a', ['a']],
      ['Bearera', []],
      ['a', []],
      ['XBearer a', []],
      ['Digest username="a", realm="b"', []],
    ])('with a scheme reads %j as %j', (header, expected) => {
      expect(bearer.receive(header === undefined ? {} : { authorization: header })).toEqual(expected);
    });

    it('reads no other header', () => {
      expect(own.receive({ cookie: 'X-Session=a', authorization: 'a', 'x-session-id': 'a' })).toEqual([]);
    });

    it('never throws, for any header, and gives each distinct value once', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), (header) => {
          for (const values of [own.receive({ 'x-session': header }), bearer.receive({ authorization: header })]) {
            expect(new Set(values).size).toBe(values.length);
            for (const value of values) expect(header).toContain(value);
          }
        }),
      );
    });
  });

  it.each<[headers: Record<string, string>, isUsed: boolean]>([
    [{ 'x-session': 'a' }, true],
    [{ 'x-session': '' }, true],
    [{ 'x-session-id': 'a' }, false],
    [{}, false],
  ])('isUsedBy() a client that sends %j: %j', (headers, isUsed) => {
    expect(own.isUsedBy(headers)).toBe(isUsed);
  });

  describe('carry()', () => {
    it('makes the header of a client that was handed the value', () => {
      expect(own.carry('value')).toEqual({ 'X-Session': 'value' });
      expect(bearer.carry('value')).toEqual({ Authorization: 'Bearer value' });
      expect(bearer.receive({ authorization: bearer.carry('value')['Authorization'] })).toEqual(['value']);
    });

    it('keeps other headers and replaces its own, whatever its case', () => {
      const fields = Object.freeze({ Accept: 'text/html', 'x-SESSION': 'old', 'x-session-id': '1' });
      expect(own.carry('value', fields)).toEqual({ Accept: 'text/html', 'x-session-id': '1', 'X-Session': 'value' });
    });
  });

  describe('send()', () => {
    const sent = (transport: HeaderTransport, presented?: string) => {
      const headers = new TestHeaders();
      transport.send(headers, 'value', delivery({ presented }));
      return headers.all;
    };

    it('answers in the same header, with the scheme', () => {
      expect(sent(own)).toEqual({ 'x-session': 'value' });
      expect(sent(bearer)).toEqual({ authorization: 'Bearer value' });
    });

    it('does not send a client what it has, and sends it what is new', () => {
      expect(sent(own, 'value')).toEqual({});
      expect(sent(bearer, 'value')).toEqual({});
      expect(sent(own, 'old')).toEqual({ 'x-session': 'value' });
    });

    it('replaces what was set before', () => {
      const headers = new TestHeaders();
      own.send(headers, 'first', delivery());
      own.send(headers, 'second', delivery());
      expect(headers.all).toEqual({ 'x-session': 'second' });
    });

    it('any value comes back', () => {
      const value = fc.string({ unit: fc.constantFrom(...'abXY019-_.'), minLength: 1, maxLength: 100 });
      fc.assert(
        fc.property(value, fc.constantFrom(own, bearer), (value, transport) => {
          const headers = new TestHeaders();
          transport.send(headers, value, delivery());
          expect(transport.receive(headers.all as Record<string, string>)).toEqual([value]);
        }),
      );
    });
  });

  it('clear() answers the header empty, in the place of what was set before', () => {
    for (const [transport, name] of [[own, 'x-session'] as const, [bearer, 'authorization'] as const]) {
      const headers = new TestHeaders();
      transport.send(headers, 'value', delivery());
      transport.clear(headers);
      expect(headers.all).toEqual({ [name]: '' });
      expect(transport.receive(headers.all as Record<string, string>)).toEqual([]);
    }
  });
});
