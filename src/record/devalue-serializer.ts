import { stringify, unflatten } from 'devalue';
import { SessionDecodeError, SessionNotSerializableError } from '../errors.js';
import { assertDevalue } from './assert-devalue.js';
import { dropPrototypes, isFlatDeeper, type FlatData } from './flat-data.js';
import { safeKeys } from './safe-keys.js';
import { assertReadable, assertStorable, limitsOf, type SerializerLimits } from './serializer-limits.js';
import type { SessionSerializer } from './session-serializer.js';
import { maySpellPrototype } from './without-prototypes.js';

/** How devalue looks at values, where that is not its own way. */
const LOOKS = {
  operations: {
    shapeOf: (value: object) => ({
      kind: Object.getPrototypeOf(value) === null ? ('null-proto' as const) : ('plain' as const),
      keys: safeKeys(value),
    }),
    /** Of a view of a larger memory only what it shows: the rest may be anybody's. */
    viewInfo: (view: ArrayBufferView & { readonly length?: number }) => {
      const { byteLength, length } = view;
      const isWhole = byteLength === view.buffer.byteLength;
      const buffer = isWhole ? view.buffer : new Uint8Array(view.buffer, view.byteOffset, byteLength).slice().buffer;
      return {
        buffer,
        byteOffset: 0,
        byteLength,
        bufferByteLength: byteLength,
        ...(length !== undefined && { length }),
      };
    },
  },
};

/**
 * devalue's format in UTF-8: what JSON gives back, and `Date`, `Map`, `Set`, `RegExp`, `BigInt`, `NaN`, the infinities, `-0`,
 * `undefined`, `ArrayBuffer` and its views, one object at several places, cycles. A key of the data itself whose value is
 * `undefined` comes back as no key, and so do, at any depth, `__proto__` and a `constructor` that has a `prototype`.
 * Everything else is refused when it is stored: functions, symbols, instances of other classes, references to the data itself.
 *
 * @see https://github.com/sveltejs/devalue
 */
export class DevalueSerializer implements SessionSerializer {
  readonly #maxBytes: number;
  readonly #maxDepth: number;

  /** @throws {RangeError} when a limit is out of its range */
  constructor(limits: SerializerLimits = {}) {
    const { maxBytes, maxDepth } = limitsOf('DevalueSerializer', limits);
    this.#maxBytes = maxBytes;
    this.#maxDepth = maxDepth;
  }

  /**
   * @throws {SessionNotSerializableError} for a value that would not come back, and for what is nested deeper than `maxDepth`
   * @throws {SessionTooLargeError} when it takes more than `maxBytes`
   */
  serialize(data: object): Uint8Array {
    assertDevalue(data, this.#maxDepth);
    const bytes = Buffer.from(textOf(plainOf(data)));
    assertStorable(bytes, this.#maxBytes);
    return bytes;
  }

  /** @throws {SessionDecodeError} for what is not devalue's, and beyond either limit */
  deserialize(bytes: Uint8Array): object {
    assertReadable(bytes, this.#maxBytes);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
    const flat = flatOf(text);
    if (isFlatDeeper(flat, this.#maxDepth)) {
      throw new SessionDecodeError(`Cannot read session data: it is nested more than ${this.#maxDepth} deep`);
    }
    if (maySpellPrototype(text)) dropPrototypes(flat);
    let data: unknown;
    try {
      data = unflatten(flat);
      // The library reads more than this writes
      if (isPlain(data)) {
        assertDevalue(data, this.#maxDepth);
        return data;
      }
    } catch {
      // The library's message may quote data
    }
    throw unknownForm();
  }
}

function isPlain(data: unknown): data is object {
  return typeof data === 'object' && data !== null && Object.getPrototypeOf(data) === Object.prototype;
}

/** The data may be an instance of the session's class, which devalue would refuse. */
function plainOf(data: object): object {
  const plain: Record<string, unknown> = {};
  for (const key of safeKeys(data)) {
    const value = (data as Record<string, unknown>)[key];
    if (value !== undefined) plain[key] = value;
  }
  return plain;
}

function textOf(data: object): string {
  try {
    return stringify(data, undefined, LOOKS);
  } catch {
    // The library's error holds data
    throw new SessionNotSerializableError('Cannot serialize session data: devalue has no form for it');
  }
}

function flatOf(text: string): FlatData {
  let flat: unknown;
  try {
    flat = JSON.parse(text);
  } catch {
    // The engine's message quotes data
  }
  if (!Array.isArray(flat)) throw unknownForm();
  return flat;
}

function unknownForm(): SessionDecodeError {
  return new SessionDecodeError('Cannot read session data: it is not what DevalueSerializer writes');
}
