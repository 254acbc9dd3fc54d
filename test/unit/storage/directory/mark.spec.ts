import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLeftover, markAfter, markNamed } from '../../../../src/storage/directory/mark.js';

const instants = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe('a mark', () => {
  it('is read back from its name as it was made', () => {
    fc.assert(
      fc.property(instants, instants, (one, other) => {
        const first = markAfter(undefined, one);
        const second = markAfter(first, other);
        expect(markNamed(first.name)).toEqual(first);
        expect(markNamed(second.name)).toEqual(second);
        expect([first.expiresAt, second.expiresAt]).toEqual([one, other]);
        expect(second.bytesName.startsWith(`${first.revision}.`)).toBe(true);
      }),
    );
  });

  it('never has the name of another', () => {
    const first = markAfter(undefined, 1);
    const names = Array.from({ length: 1000 }, (_, index) => markAfter(index % 2 ? first : undefined, 1).name);
    expect(new Set(names).size).toBe(1000);
  });

  it('is no other name', () => {
    const { name, bytesName } = markAfter(undefined, 5);
    for (const other of [
      '',
      '.',
      bytesName,
      `${name}.`,
      `${name}x`,
      `x${name}`,
      `../${name}`,
      `${bytesName}.-1`,
      `${bytesName}.1e3`,
    ]) {
      expect(markNamed(other)).toBeUndefined();
    }
    fc.assert(fc.property(fc.string(), (text) => markNamed(text) === undefined));
  });
});

describe('isLeftover()', () => {
  const first = markAfter(undefined, 1);
  const second = markAfter(first, 1);
  const third = markAfter(second, 1);

  it('is true of the bytes of states that are over, and of what was written to follow those', () => {
    expect(isLeftover(first.bytesName, third)).toBe(true);
    expect(isLeftover(second.bytesName, third)).toBe(true);
    expect(isLeftover(markAfter(first, 1).bytesName, third)).toBe(true);
  });

  it('is not true of the bytes of the state itself, nor of what was written to follow it', () => {
    expect(isLeftover(second.bytesName, second)).toBe(false);
    expect(isLeftover(third.bytesName, second)).toBe(false);
  });

  it('is not true of marks, nor of what is not ours', () => {
    for (const name of [first.name, third.name, 'README', '']) expect(isLeftover(name, second)).toBe(false);
  });
});
