import { hkdfSync } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { brokenKeyRule, KeyRing, type DerivedKey, type SessionKey } from '../../../src/transformer/key-ring.js';

const [FIRST, SECOND, THIRD] = ['k', 'l', 'm'].map((letter) => letter.repeat(32)) as [string, string, string];

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const secretOf = ({ secret }: DerivedKey): string => hex(secret.export());
const secrets = (ring: KeyRing, purpose = 'p'): string[] => ring.derive(purpose).map(secretOf);
const ids = (ring: KeyRing, purpose = 'p'): string[] => ring.derive(purpose).map(({ id }) => hex(id));

/** A function that gives keys when it is told, once for each time that it was asked. */
function keySource() {
  const asked: { give(keys: unknown): void; fail(error: Error): void }[] = [];
  const source = (): Promise<readonly SessionKey[]> =>
    new Promise((resolve, reject) => {
      asked.push({ give: (keys) => resolve(keys as SessionKey[]), fail: reject });
    });
  return { source, asked };
}

describe('brokenKeyRule()', () => {
  it.each<[what: string, keys: unknown, at: string, received: string | number, isShort: boolean]>([
    ['nothing', undefined, '', 'undefined', false],
    ['one key', FIRST, '', 'string', false],
    ['no key', [], '', 'an empty one', false],
    ['something else than a key', [FIRST, 1], '[1]', 'number', false],
    ['null', [null], '[0]', 'object', false],
    ['an array of bytes', [Array.from({ length: 32 }, () => 1)], '[0]', 'object', false],
    ['an empty key', [''], '[0]', 0, true],
    ['a key of 31 bytes', [FIRST, FIRST.slice(1)], '[1]', 31, true],
    ['31 bytes', [new Uint8Array(31)], '[0]', 31, true],
  ])('finds %s', (_what, keys, at, received, isShort) => {
    expect(brokenKeyRule(keys)).toEqual({ at, received, isShort, cure: expect.stringMatching(/^must be /) });
  });

  it.each<[what: string, keys: readonly unknown[]]>([
    ['a text of 32 bytes', [FIRST]],
    ['a text of 16 characters and 32 bytes', ['ü'.repeat(16)]],
    ['bytes', [new Uint8Array(32), Buffer.alloc(64)]],
  ])('finds nothing wrong with %s', (_what, keys) => {
    expect(brokenKeyRule(keys)).toBeUndefined();
  });
});

describe('KeyRing', () => {
  describe('of a list', () => {
    it('is ready at once, and stays as it is', async () => {
      const ring = new KeyRing([FIRST, SECOND]);
      const before = secrets(ring);
      await ring.ready();
      await ring.refresh();
      expect(secrets(ring)).toEqual(before);
      expect(before).toHaveLength(2);
    });

    it.each<[what: string, keys: unknown, type: typeof TypeError | typeof RangeError, message: string]>([
      [
        'no keys',
        [],
        TypeError,
        'Cannot use key ring: keys must be an array with one key at least, or a KeyRing: received an empty one',
      ],
      [
        'one that is no key',
        [FIRST, { secret: 1 }],
        TypeError,
        'Cannot use key ring: keys[1] must be a text or bytes: received object',
      ],
      [
        'a short one',
        [FIRST, 'hunter2'],
        RangeError,
        'Cannot use key ring: keys[1] must be at least 32 bytes, such as those of "openssl rand -base64 32": received 7',
      ],
    ])('refuses %s, without the key in the message', (_what, keys, type, message) => {
      expect(() => new KeyRing(keys as string[])).toThrow(new type(message));
    });

    it('keeps copies: what happens to the array and to the bytes changes nothing', () => {
      for (const key of [
        new Uint8Array(32).fill(7),
        Buffer.alloc(32, 7),
        Buffer.from('7'.repeat(40)).subarray(4, 36),
      ]) {
        const expected = secrets(new KeyRing([Uint8Array.from(key)]));
        const keys: SessionKey[] = [key];
        const ring = new KeyRing(keys);
        key.fill(0);
        keys[0] = SECOND;
        keys.push(THIRD);
        expect(secrets(ring)).toEqual(expected);
      }
    });
  });

  describe('of()', () => {
    it('gives a ring as it is, and makes one of a list', () => {
      const ring = new KeyRing([FIRST]);
      expect(KeyRing.of(ring)).toBe(ring);
      expect(secrets(KeyRing.of([FIRST]))).toEqual(secrets(ring));
    });
  });

  describe('ready()', () => {
    it.each<[what: string, source: () => readonly SessionKey[] | Promise<readonly SessionKey[]>]>([
      ['a function', () => [FIRST, SECOND]],
      ['an async function', async () => [FIRST, SECOND]],
    ])('has the keys of %s', async (_what, source) => {
      const ring = new KeyRing(source);
      expect(() => ring.derive('p')).toThrow(new TypeError('Cannot use key ring: it has no keys yet: await ready()'));
      await ring.ready();
      expect(secrets(ring)).toEqual(secrets(new KeyRing([FIRST, SECOND])));
    });

    it('asks once, however often it is called, before and after', async () => {
      const { source, asked } = keySource();
      const ring = new KeyRing(source);
      const both = [ring.ready(), ring.ready()];
      asked[0]?.give([FIRST]);
      await Promise.all(both);
      await ring.ready();
      expect(asked).toHaveLength(1);
    });

    it.each<[what: string, fail: () => Promise<SessionKey[]>]>([
      ['rejects', () => Promise.reject(new Error('vault is sealed'))],
      [
        'throws at once',
        () => {
          throw new Error('vault is sealed');
        },
      ],
    ])('fails as a function that %s, and asks again when it is called again', async (_what, fail) => {
      let isDown = true;
      const ring = new KeyRing(() => (isDown ? fail() : [FIRST]));
      await expect(ring.ready()).rejects.toThrow('vault is sealed');
      expect(() => ring.derive('p')).toThrow(TypeError);
      isDown = false;
      await ring.ready();
      expect(secrets(ring)).toEqual(secrets(new KeyRing([FIRST])));
    });

    it('fails when a function gives no good keys, without the key in the message', async () => {
      await expect(new KeyRing(() => []).ready()).rejects.toThrow(TypeError);
      await expect(new KeyRing(async () => undefined as never).ready()).rejects.toThrow(TypeError);
      await expect(new KeyRing(async () => ['hunter2']).ready()).rejects.toThrow(
        new RangeError(
          'Cannot use key ring: keys[0] must be at least 32 bytes, such as those of "openssl rand -base64 32": received 7',
        ),
      );
    });
  });

  describe('refresh()', () => {
    it('works with the old keys until the new ones are there, and then with the new ones alone', async () => {
      const { source, asked } = keySource();
      const ring = new KeyRing(source);
      const ready = ring.ready();
      asked[0]?.give([FIRST]);
      await ready;
      const refreshed = ring.refresh();
      expect(secrets(ring)).toEqual(secrets(new KeyRing([FIRST])));
      expect(secrets(ring, 'another')).toEqual(secrets(new KeyRing([FIRST]), 'another'));
      asked[1]?.give([SECOND, FIRST]);
      await refreshed;
      expect(secrets(ring)).toEqual(secrets(new KeyRing([SECOND, FIRST])));
      expect(secrets(ring, 'another')).toEqual(secrets(new KeyRing([SECOND, FIRST]), 'another'));
    });

    it.each<[what: string, answer: (asked: ReturnType<typeof keySource>['asked'][number] | undefined) => void]>([
      ['cannot be had', (asked) => asked?.fail(new Error('vault is sealed'))],
      ['are none', (asked) => asked?.give([])],
      ['are no list', (asked) => asked?.give(SECOND)],
      ['are good and bad', (asked) => asked?.give([SECOND, 'short'])],
    ])('rejects and keeps the old keys when the new ones %s', async (_what, answer) => {
      const { source, asked } = keySource();
      const ring = new KeyRing(source);
      const ready = ring.ready();
      asked[0]?.give([FIRST]);
      await ready;
      const refreshed = ring.refresh();
      answer(asked[1]);
      await expect(refreshed).rejects.toThrow();
      expect(secrets(ring)).toEqual(secrets(new KeyRing([FIRST])));
      await ring.ready();
      expect(asked).toHaveLength(2);
    });

    it('believes the answer that was asked for later, of two, whichever comes first', async () => {
      for (const order of [[1, 2] as const, [2, 1] as const]) {
        const { source, asked } = keySource();
        const ring = new KeyRing(source);
        const all = [ring.refresh(), ring.refresh(), ring.refresh()];
        asked[0]?.give([FIRST]);
        await all[0];
        for (const turn of order) {
          asked[turn]?.give(turn === 1 ? [SECOND] : [THIRD]);
          await all[turn];
        }
        expect(secrets(ring)).toEqual(secrets(new KeyRing([THIRD])));
      }
    });
  });

  describe('derive()', () => {
    it('gives one key of 32 bytes and one id of 4 for each, in their order', () => {
      const ring = new KeyRing([FIRST, SECOND]);
      expect(ring.derive('p').map(({ secret, id }) => [secret.symmetricKeySize, id.length])).toEqual([
        [32, 4],
        [32, 4],
      ]);
      expect(secrets(new KeyRing([SECOND, FIRST]))).toEqual(secrets(ring).toReversed());
      expect(ids(new KeyRing([SECOND, FIRST]))).toEqual(ids(ring).toReversed());
      expect(new Set([...secrets(ring), ...ids(ring)]).size).toBe(4);
    });

    it('gives others for another purpose, and the same for the same', () => {
      const ring = new KeyRing([FIRST]);
      const purposes = ['sign token a', 'sign token b', 'encrypt token a', 'sign value a', ''];
      expect(new Set(purposes.flatMap((purpose) => secrets(ring, purpose))).size).toBe(purposes.length);
      expect(new Set(purposes.flatMap((purpose) => ids(ring, purpose))).size).toBe(purposes.length);
      expect(secrets(ring, 'sign token a')).toEqual(secrets(new KeyRing([FIRST]), 'sign token a'));
      expect(ring.derive('p')).toBe(ring.derive('p'));
    });

    it('takes a text for its bytes in UTF-8', () => {
      const text = 'schlüssel'.repeat(4);
      expect(secrets(new KeyRing([text]))).toEqual(secrets(new KeyRing([Buffer.from(text)])));
    });

    it('keeps to its derivation, which other processes do too: HKDF-SHA-256 without salt', () => {
      const [key] = new KeyRing([FIRST]).derive('encrypt value cart') as [DerivedKey];
      const bytes = hex(new Uint8Array(hkdfSync('sha256', FIRST, '', 'nest-sessions encrypt value cart', 36)));
      expect(secretOf(key) + hex(key.id)).toBe(bytes);
      // By another implementation of HKDF
      expect(bytes).toBe('4c21a36ea96a67aa55fe72f9cd477ef4b990cea667a3fbb63e48b9a43cface80664b8856');
    });
  });

  it('shows no key to whoever inspects it', async () => {
    const ring = new KeyRing(async () => [FIRST, Buffer.from(SECOND)]);
    await ring.ready();
    const [key] = ring.derive('p') as [DerivedKey];
    const shown = [
      inspect(ring, { depth: 10, showHidden: true }),
      inspect(key, { depth: 10, showHidden: true }),
      JSON.stringify(ring),
      JSON.stringify(key),
      String(ring),
    ].join('\n');
    for (const bytes of [Buffer.from(FIRST), Buffer.from(SECOND), key.secret.export()]) {
      for (const form of ['latin1', 'hex', 'base64'] as const) expect(shown).not.toContain(bytes.toString(form, 0, 8));
      expect(shown.replaceAll(' ', '')).not.toContain([...bytes.subarray(0, 4)].join(','));
    }
  });
});
