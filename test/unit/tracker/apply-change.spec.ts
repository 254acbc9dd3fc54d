import { describe, expect, it } from 'vitest';
import { applyChange } from '../../../src/tracker/apply-change.js';

describe('applyChange()', () => {
  it('calls the function with the data, and takes any result but a promise', () => {
    for (const result of [undefined, null, 5, {}, [], () => 1]) {
      const data = { n: 0 };
      applyChange((data) => {
        data.n++;
        return result;
      }, data);
      expect(data.n).toBe(1);
    }
  });

  it('throws what the function throws', () => {
    const error = new Error('of the function');
    const change = () => {
      throw error;
    };
    expect(() => applyChange(change, {})).toThrow(error);
  });

  it.each([
    ['a promise', () => Promise.resolve()],
    ['an async function', async () => undefined],
    // oxlint-disable-next-line unicorn/no-thenable
    ['a thenable', () => ({ then: () => undefined })],
  ])('refuses %s', (_, change) => {
    expect(() => applyChange(change, {})).toThrow(
      new TypeError('Cannot update session: the function must change the data synchronously, it returned a promise'),
    );
  });

  it('leaves no rejection of a refused promise unhandled', async () => {
    const change = () => Promise.reject(new Error('nobody waits for it'));
    expect(() => applyChange(change, {})).toThrow(TypeError);
    await new Promise((resolve) => setImmediate(resolve));
  });
});
