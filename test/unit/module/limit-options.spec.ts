import { describe, expect, it } from 'vitest';
import { limitOf } from '../../../src/module/limit-options.js';
import type { LimitOptions } from '../../../src/module/sessions-options.js';

const PATH = 'sessions[1].limit';
const message = (path: string, rest: string): string => `Cannot start SessionsModule: ${PATH}${path} ${rest}`;

describe('limitOf()', () => {
  it('is undefined where there is none', () => {
    expect(limitOf(undefined, PATH)).toBeUndefined();
  });

  it('gives what was given, frozen, and ends the oldest by default', () => {
    const limit = limitOf({ perPrincipal: 3 }, PATH);
    expect(limit).toStrictEqual({ perPrincipal: 3, onExceeded: 'evictOldest' });
    expect(Object.isFrozen(limit)).toBe(true);
    expect(limitOf({ perPrincipal: 1, onExceeded: 'reject' }, PATH)).toStrictEqual({
      perPrincipal: 1,
      onExceeded: 'reject',
    });
  });

  it.each([0, -1, 1.5, NaN, Infinity, 2 ** 53, '3', null, undefined])('refuses perPrincipal: %o', (perPrincipal) => {
    expect(() => limitOf({ perPrincipal } as LimitOptions, PATH)).toThrow(
      message('.perPrincipal', 'must be a positive integer: received'),
    );
  });

  it.each<[what: string, options: unknown, message: string]>([
    ['a number', 3, message('', 'must be an object: received 3')],
    ['null', null, message('', 'must be an object')],
    ['nothing in it', {}, message('.perPrincipal', 'must be a positive integer: received undefined')],
    ['an unknown option', { perPrincipal: 3, per: 1 }, message('.per', 'is not an option')],
    ['another policy', { perPrincipal: 3, onExceeded: 'refuse' }, message('.onExceeded', 'must be "evictOldest" or')],
  ])('refuses %s', (_, options, text) => {
    expect(() => limitOf(options as LimitOptions, PATH)).toThrow(text);
  });
});
