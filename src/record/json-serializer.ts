import { SessionDecodeError, SessionNotSerializableError } from '../errors.js';
import { assertJson } from './assert-json.js';
import { findingsIn } from './parsed-json.js';
import { assertReadable, assertStorable, limitsOf, type SerializerLimits } from './serializer-limits.js';
import type { SessionSerializer } from './session-serializer.js';
import { maySpellPrototype, withoutPrototypes } from './without-prototypes.js';

/**
 * JSON in UTF-8, the default. A `Date` comes back as its ISO text, as does whatever has a `toJSON()`; a key whose value is
 * `undefined` comes back as no key, and so do, at any depth, `__proto__` and a `constructor` that has a `prototype`.
 * Everything else that JSON would lose is refused when it is stored.
 *
 * @see RFC 8259
 */
export class JsonSerializer implements SessionSerializer {
  readonly #maxBytes: number;
  readonly #maxDepth: number;

  /** @throws {RangeError} when a limit is out of its range */
  constructor(limits: SerializerLimits = {}) {
    const { maxBytes, maxDepth } = limitsOf('JsonSerializer', limits);
    this.#maxBytes = maxBytes;
    this.#maxDepth = maxDepth;
  }

  /**
   * @throws {SessionNotSerializableError} for a value that JSON would lose, and for what is nested deeper than `maxDepth`
   * @throws {SessionTooLargeError} when it takes more than `maxBytes`
   */
  serialize(data: object): Uint8Array {
    const isWhole = assertJson(data, this.#maxDepth);
    const text = textOf(data);
    if (!isWhole && findingsIn(JSON.parse(text) as object, this.#maxDepth).isTooDeep) {
      throw new SessionNotSerializableError(`Cannot store session: data is nested more than ${this.#maxDepth} deep`);
    }
    const bytes = Buffer.from(text);
    assertStorable(bytes, this.#maxBytes);
    return bytes;
  }

  /** @throws {SessionDecodeError} for what is no JSON object, and beyond either limit */
  deserialize(bytes: Uint8Array): object {
    assertReadable(bytes, this.#maxBytes);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
    let data: unknown;
    try {
      data = JSON.parse(text);
    } catch {
      // The engine's message quotes data
    }
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      throw new SessionDecodeError('Cannot read session data: it is not a JSON object');
    }
    const { isTooDeep, isInfinite, mayReachPrototype } = findingsIn(data, this.#maxDepth);
    if (isTooDeep) {
      throw new SessionDecodeError(`Cannot read session data: it is nested more than ${this.#maxDepth} deep`);
    }
    if (isInfinite) throw new SessionDecodeError('Cannot read session data: it holds a number that there is not');
    return mayReachPrototype ? withoutPrototypes(data) : data;
  }
}

/** What is stored is what is read: neither has a key that leads to a prototype. */
function textOf(data: object): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
    if (maySpellPrototype(text)) text = JSON.stringify(withoutPrototypes(JSON.parse(text) as object));
  } catch {
    // The engine's message may quote data
  }
  if (text?.startsWith('{') === true) return text;
  throw new SessionNotSerializableError('Cannot serialize session data: JSON has no form for it');
}
