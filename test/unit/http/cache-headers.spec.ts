import { describe, expect, it } from 'vitest';
import { addVary, keepOut, keepPrivate } from '../../../src/http/cache-headers.js';
import { TestHeaders } from '../transport/test-headers.js';

describe('addVary()', () => {
  it.each<[present: string | string[] | undefined, expected: string | string[]]>([
    [undefined, 'Cookie'],
    ['', 'Cookie'],
    ['Accept', 'Accept, Cookie'],
    ['Accept, Origin', 'Accept, Origin, Cookie'],
    ['cookie', 'cookie'],
    ['Accept,COOKIE , Origin', 'Accept,COOKIE , Origin'],
    ['Set-Cookie', 'Set-Cookie, Cookie'],
    ['*', '*'],
    [['Accept', 'Origin'], 'Accept,Origin, Cookie'],
  ])('makes %j %j', (present, expected) => {
    const headers = new TestHeaders(present === undefined ? {} : { Vary: present });
    addVary(headers, 'Cookie');
    addVary(headers, 'Cookie');
    expect(headers.getHeader('Vary')).toBe(expected);
  });
});

describe('keepPrivate()', () => {
  it('says private unless the app has said something else', () => {
    const [own, none] = [new TestHeaders({ 'cache-control': 'max-age=60' }), new TestHeaders()];
    keepPrivate(own);
    keepPrivate(none);
    expect(own.getHeader('Cache-Control')).toBe('max-age=60');
    expect(none.getHeader('Cache-Control')).toBe('private');
  });
});

describe('keepOut()', () => {
  it('says no-store whatever the app says', () => {
    const headers = new TestHeaders({ 'Cache-Control': 'public, max-age=60' });
    keepOut(headers);
    expect(headers.getHeader('Cache-Control')).toBe('no-store');
  });

  it('leaves no-transform, which streams depend on', () => {
    for (const present of ['no-transform', 'no-cache, No-Transform', 'no-transform,max-age=60']) {
      const headers = new TestHeaders({ 'Cache-Control': present });
      keepOut(headers);
      expect(headers.getHeader('Cache-Control')).toBe('no-store, no-transform');
    }
  });
});
