import { describe, expect, it } from 'vitest';
import type { SessionSettings } from '../../../src/module/sessions-options.js';
import { transformersOf } from '../../../src/module/transformer-options.js';
import { encrypt } from '../../../src/transformer/encrypt.js';
import { KeyRing } from '../../../src/transformer/key-ring.js';
import type { SessionTransformer } from '../../../src/transformer/session-transformer.js';
import { sign } from '../../../src/transformer/sign.js';

const KEY = 'k'.repeat(32);
const OTHER_KEY = 'o'.repeat(32);
const BYTES = Buffer.from('some bytes');

const of = (options: unknown, by: 'id' | 'value', path = ''): readonly SessionTransformer[] =>
  transformersOf(options as SessionSettings, by === 'value', path);

const plain: SessionTransformer = {
  authenticates: false,
  seal: (bytes) => Uint8Array.from(bytes),
  open: (bytes) => ({ bytes: Uint8Array.from(bytes) }),
};

describe('transformersOf()', () => {
  it('of a session by id is none by default: the token travels as it is', () => {
    expect(of({}, 'id')).toEqual([]);
    expect(of({ transformers: [] }, 'id')).toEqual([]);
  });

  it('with keys signs by id, and encrypts by value', () => {
    const [signing, ...more] = of({ keys: [KEY] }, 'id');
    const [encrypting, ...others] = of({ keys: [KEY] }, 'value');
    expect([...more, ...others]).toEqual([]);
    expect(sign([KEY]).open(signing?.seal(BYTES, 'x') ?? BYTES, 'x')?.bytes).toEqual(Uint8Array.from(BYTES));
    expect(encrypt([KEY]).open(encrypting?.seal(BYTES, 'x') ?? BYTES, 'x')).toMatchObject({ outdated: false });
    expect(Buffer.from(encrypting?.seal(BYTES, 'x') ?? BYTES).includes(BYTES)).toBe(false);
  });

  it.each(['id', 'value'] as const)('F3: with keys seals with the first and opens with all: by %s', (by) => {
    const [old] = of({ keys: [KEY] }, by);
    const [rotated] = of({ keys: [OTHER_KEY, Buffer.from(KEY)] }, by);
    const sealed = (one: SessionTransformer | undefined): Uint8Array => one?.seal(BYTES, 'x') ?? BYTES;
    expect(Buffer.from(rotated?.open(sealed(old), 'x')?.bytes ?? [])).toEqual(BYTES);
    expect(rotated?.open(sealed(old), 'x')?.outdated).toBe(true);
    expect(old?.open(sealed(rotated), 'x')).toBeUndefined();
  });

  it.each(['id', 'value'] as const)('takes a ring, whose keys may be there only later: by %s', async (by) => {
    const ring = new KeyRing(async () => [KEY]);
    const [transformer] = of({ keys: ring }, by);
    await transformer?.ready?.();
    const [listed] = of({ keys: [KEY] }, by);
    expect(listed?.open(transformer?.seal(BYTES, 'x') ?? BYTES, 'x')).toBeDefined();
  });

  it('takes transformers as they are, in the order of sealing', () => {
    const chain = [plain, sign([KEY])];
    expect(of({ transformers: chain }, 'value')).toEqual(chain);
    expect(of({ transformers: chain }, 'id')[0]).toBe(plain);
  });

  it('of a session by id may end with one that does not authenticate: the token has a secret', () => {
    expect(of({ transformers: [plain] }, 'id')).toEqual([plain]);
  });

  it('is frozen, and a copy: what the app does with its own array later changes nothing', () => {
    const chain = [sign([KEY])];
    const taken = of({ transformers: chain }, 'value');
    chain.push(plain);
    expect(taken).toHaveLength(1);
    expect(Object.isFrozen(taken)).toBe(true);
    expect(Object.isFrozen(chain)).toBe(false);
  });

  const AUTHENTICATE =
    'transformers must end with one that authenticates, as encrypt(keys) and sign(keys) do, with clientSide: or give keys: received';

  it.each<[what: string, options: object, message: string]>([
    ['nothing', {}, `${AUTHENTICATE} undefined`],
    ['no transformer', { transformers: [] }, `${AUTHENTICATE} undefined`],
    ['one that does not authenticate', { transformers: [plain] }, `${AUTHENTICATE} "one that does not"`],
    [
      'one that does not authenticate last',
      { transformers: [encrypt([KEY]), plain] },
      `${AUTHENTICATE} "one that does not"`,
    ],
  ])('A20: by value refuses %s', (_, options, message) => {
    for (const path of ['', 'sessions[1]']) {
      const place = path === '' ? '' : `${path}.`;
      expect(() => of(options, 'value', path)).toThrow(
        new TypeError(`Cannot start SessionsModule: ${place}${message}`),
      );
    }
  });

  const IS_ONE = 'must have seal(), open() and authenticates: received';

  it.each<[what: string, options: object, message: string]>([
    [
      'keys with transformers',
      { keys: [KEY], transformers: [sign([KEY])] },
      'keys must not be given with transformers: give them to encrypt() or sign(): received "both"',
    ],
    [
      'a ring with no transformer at all',
      { keys: new KeyRing([KEY]), transformers: [] },
      'keys must not be given with transformers',
    ],
    ['one transformer alone', { transformers: sign([KEY]) }, 'transformers must be an array: received "object"'],
    ['null', { transformers: null }, 'transformers must be an array: received "object"'],
    ['a text', { transformers: 'THE-SECRET' }, 'transformers must be an array: received "string"'],
    ['null in the list', { transformers: [null] }, `transformers[0] ${IS_ONE} "object"`],
    ['undefined in the list', { transformers: [undefined] }, `transformers[0] ${IS_ONE} "undefined"`],
    ['encrypt itself', { transformers: [encrypt] }, `transformers[0] ${IS_ONE} "function"`],
    ['a key', { transformers: [sign([KEY]), 'THE-SECRET'] }, `transformers[1] ${IS_ONE} "string"`],
    ['one without open()', { transformers: [{ ...plain, open: undefined }] }, `transformers[0] ${IS_ONE} "object"`],
    ['one without seal()', { transformers: [{ ...plain, seal: 'x' }] }, `transformers[0] ${IS_ONE}`],
    ['one that does not say', { transformers: [{ ...plain, authenticates: undefined }] }, `transformers[0] ${IS_ONE}`],
    [
      'keys that are a text',
      { keys: 'THE-SECRET-KEY-OF-JUST-32-BYTES!' },
      'keys must be an array with one key at least',
    ],
    ['null for keys', { keys: null }, 'keys must be an array with one key at least, or a KeyRing: received "object"'],
    ['no key', { keys: [] }, 'keys must be an array with one key at least, or a KeyRing: received "an empty one"'],
    ['a short key', { keys: [KEY, 'THE-SECRET'] }, 'keys[1] must be at least 32 bytes'],
    ['a key that is a number', { keys: [5] }, 'keys[0] must be a text or bytes: received "number"'],
  ])('A20: refuses %s, by id and by value, and shows nothing of a key', (_, options, message) => {
    for (const by of ['id', 'value'] as const) {
      expect(() => of(options, by, 'sessions[1]')).toThrow(
        expect.objectContaining({
          name: expect.stringMatching(/^(TypeError|RangeError)$/),
          message: expect.stringContaining(`Cannot start SessionsModule: sessions[1].${message}`),
        }),
      );
      expect(() => of(options, by)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('THE-SECRET') }),
      );
    }
  });

  it('A20: calls a short key out of range, and anything else a wrong type', () => {
    expect(() => of({ keys: ['short'] }, 'id')).toThrow(RangeError);
    expect(() => of({ keys: [5] }, 'id')).toThrow(TypeError);
  });
});
