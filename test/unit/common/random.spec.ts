import { afterEach, describe, expect, it, vi } from 'vitest';
import { isBase64url } from '../../../src/common/base64url.js';

/** The module has a pool: each test gets a fresh one, and the memory of it. */
async function freshModule() {
  vi.resetModules();
  const allocate = vi.spyOn(Buffer, 'allocUnsafeSlow');
  const { randomInto, randomText } = await import('../../../src/common/random.js');
  const pool = allocate.mock.results.at(-1)?.value as Buffer;
  return { randomInto, randomText, pool };
}

afterEach(() => vi.restoreAllMocks());

describe('randomText()', () => {
  it('gives canonical base64url of as many bytes as asked for', async () => {
    const { randomText } = await freshModule();
    for (const bytes of [1, 6, 16, 32, 4096]) {
      const text = randomText(bytes);
      expect(isBase64url(text, Math.ceil((bytes * 4) / 3))).toBe(true);
      expect(Buffer.from(text, 'base64url').length).toBe(bytes);
    }
  });

  it('never gives the same twice, over many pools', async () => {
    const { randomText } = await freshModule();
    const texts = Array.from({ length: 10_000 }, () => randomText(16));
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('uses all values of each byte alike', async () => {
    const { randomText } = await freshModule();
    const counts = Array.from({ length: 256 }, () => 0);
    for (let i = 0; i < 2048; i++)
      for (const byte of Buffer.from(randomText(32), 'base64url')) counts[byte] = (counts[byte] ?? 0) + 1;
    // 256 of each are expected; ten deviations away is one in 10^20
    expect(Math.min(...counts)).toBeGreaterThan(96);
    expect(Math.max(...counts)).toBeLessThan(416);
  });

  it('leaves nothing of what it handed out in its pool', async () => {
    const { randomText, pool } = await freshModule();
    for (const bytes of [16, 32, 6, 7]) {
      const given = Buffer.from(randomText(bytes), 'base64url');
      expect(pool.length).toBe(4096);
      expect(pool.includes(given)).toBe(false);
    }
    expect(pool.subarray(0, 61).every((byte) => byte === 0)).toBe(true);
    expect(pool.subarray(61).every((byte) => byte === 0)).toBe(false);
  });

  it('draws a new pool rather than handing out less than was asked for', async () => {
    const { randomText, pool } = await freshModule();
    randomText(4090);
    const given = Buffer.from(randomText(16), 'base64url');
    expect(given.length).toBe(16);
    expect(given.every((byte) => byte === 0)).toBe(false);
    expect(pool.subarray(0, 16).every((byte) => byte === 0)).toBe(true);
  });
});

describe('randomInto()', () => {
  it('fills the part that it is told, and leaves the rest as it is', async () => {
    const { randomInto } = await freshModule();
    for (const [at, bytes] of [
      [0, 24],
      [5, 24],
      [76, 24],
      [0, 100],
      [3, 0],
    ] as const) {
      const target = new Uint8Array(100);
      randomInto(target, at, bytes);
      const around = [...target.subarray(0, at), ...target.subarray(at + bytes)];
      expect(around.every((byte) => byte === 0)).toBe(true);
      expect(around).toHaveLength(100 - bytes);
      // 24 zeros in a row are not random
      if (bytes > 0) expect(target.subarray(at, at + bytes).every((byte) => byte === 0)).toBe(false);
    }
  });

  it('fills a view of a larger buffer, and a whole pool', async () => {
    const { randomInto } = await freshModule();
    const larger = new Uint8Array(5000);
    randomInto(larger.subarray(100), 50, 4096);
    expect(larger.subarray(0, 150).every((byte) => byte === 0)).toBe(true);
    expect(larger.subarray(4246).every((byte) => byte === 0)).toBe(true);
    expect(new Set(larger.subarray(150, 4246)).size).toBeGreaterThan(240);
    expect(larger.subarray(4200, 4246).every((byte) => byte === 0)).toBe(false);
  });

  it('never gives the same twice, nor what randomText() has given, over many pools', async () => {
    const { randomInto, randomText } = await freshModule();
    const all = Array.from({ length: 5_000 }, () => {
      const target = Buffer.alloc(24);
      randomInto(target, 0, 24);
      return target.toString('base64url');
    });
    const texts = Array.from({ length: 5_000 }, () => randomText(24));
    expect(new Set([...all, ...texts]).size).toBe(10_000);
  });

  it('leaves nothing of what it handed out in its pool', async () => {
    const { randomInto, pool } = await freshModule();
    const target = Buffer.alloc(24);
    for (let times = 0; times < 3; times++) {
      randomInto(target, 0, 24);
      expect(pool.includes(target)).toBe(false);
    }
    expect(pool.subarray(0, 72).every((byte) => byte === 0)).toBe(true);
    expect(pool.subarray(72).every((byte) => byte === 0)).toBe(false);
  });
});
