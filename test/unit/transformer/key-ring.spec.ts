import { hkdfSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deriveKeys } from '../../../src/transformer/key-ring.js';

const KEY = 'k'.repeat(32);
const hex = (keys: readonly Uint8Array[]): string[] => keys.map((key) => Buffer.from(key).toString('hex'));

describe('deriveKeys()', () => {
  it('gives one key of 32 bytes for each, in their order', () => {
    const [first, second] = hex(deriveKeys([KEY, 'l'.repeat(32)], 'p'));
    expect(first).toHaveLength(64);
    expect(hex(deriveKeys(['l'.repeat(32), KEY], 'p'))).toEqual([second, first]);
  });

  it('gives unrelated keys for different purposes, and the same for the same', () => {
    expect(hex(deriveKeys([KEY], 'sign token a'))).not.toEqual(hex(deriveKeys([KEY], 'sign token b')));
    expect(hex(deriveKeys([KEY], 'sign token a'))).toEqual(hex(deriveKeys([KEY], 'sign token a')));
  });

  it('never gives the key itself', () => {
    expect(hex(deriveKeys([KEY], ''))).not.toContain(Buffer.from(KEY).toString('hex'));
  });

  it('takes a text for its bytes in UTF-8', () => {
    const text = 'schlüssel'.repeat(4);
    expect(hex(deriveKeys([text], 'p'))).toEqual(hex(deriveKeys([Buffer.from(text)], 'p')));
  });

  it('keeps to its derivation, which other processes do too: HKDF-SHA-256 without salt', () => {
    const expected = Buffer.from(hkdfSync('sha256', KEY, '', 'nest-sessions sign token sid', 32)).toString('hex');
    expect(hex(deriveKeys([KEY], 'sign token sid'))).toEqual([expected]);
  });
});
