import { describe, expect, it } from 'vitest';
import { pathStep } from '../../../src/common/path-step.js';

describe('pathStep()', () => {
  it.each([
    ['name', '.name'],
    ['user_id', '.user_id'],
    ['__proto__', '.__proto__'],
    [0, '[0]'],
    ['values()[3]', '.values()[3]'],
  ])('shows %j as %s', (key, step) => {
    expect(pathStep(key)).toBe(step);
  });

  it.each(['ada@example.com', 'two words', 'a\nFORGED LINE', '', '7', 'x'.repeat(41), Symbol('s'), '$&%'])(
    'does not quote %s, which may be data',
    (key) => {
      expect(pathStep(key)).toBe('[...]');
    },
  );
});
