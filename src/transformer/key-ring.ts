import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** A secret key: at least 32 bytes, as bytes or as text in UTF-8. */
export type SessionKey = string | Uint8Array;

/** Where a ring gets its keys: a list, or a function that may ask somebody else for one. */
export type KeySource = readonly SessionKey[] | (() => readonly SessionKey[] | Promise<readonly SessionKey[]>);

/** A key for one purpose, derived from one of a ring's. */
export interface DerivedKey {
  /** Tells the keys of a ring apart, and nothing else: 4 bytes, which may travel in the clear. */
  readonly id: Uint8Array;
  /** 32 bytes. */
  readonly secret: KeyObject;
}

/** A rule that keys break: where, what they must be, and what they are instead, which is not the key itself. */
export interface BrokenKeyRule {
  /** The place in the list, such as `[1]`; empty for the list itself. */
  readonly at: string;
  readonly cure: string;
  readonly received: string | number;
  /** Whether it is of the right type, but too short. */
  readonly isShort: boolean;
}

/** The least a key may have, in bytes. @see RFC 2104, section 3: not less than the output of the hash */
const MIN_KEY_BYTES = 32;

const ID_BYTES = 4;
const SECRET_BYTES = 32;

/**
 * Finds what is wrong with a list of keys.
 *
 * @returns `undefined` when they are good
 */
export function brokenKeyRule(keys: unknown): BrokenKeyRule | undefined {
  if (!Array.isArray(keys) || keys.length === 0) {
    const cure = 'must be an array with one key at least, or a KeyRing';
    return { at: '', cure, received: Array.isArray(keys) ? 'an empty one' : typeof keys, isShort: false };
  }
  for (const [index, key] of (keys as readonly unknown[]).entries()) {
    const at = `[${index}]`;
    if (typeof key !== 'string' && !(key instanceof Uint8Array)) {
      return { at, cure: 'must be a text or bytes', received: typeof key, isShort: false };
    }
    const bytes = Buffer.byteLength(key);
    if (bytes >= MIN_KEY_BYTES) continue;
    const cure = `must be at least ${MIN_KEY_BYTES} bytes, such as those of "openssl rand -base64 32"`;
    return { at, cure, received: bytes, isShort: true };
  }
  return undefined;
}

/**
 * The keys of an app: the first writes, all read. To rotate, put a new key first, and drop the old one when everything that it
 * sealed has expired. No key is used as it is: each purpose has keys of its own, derived from these.
 */
export class KeyRing {
  readonly #source: KeySource;
  /** Master keys; empty until a function has given some. */
  #keys: readonly SessionKey[] = [];
  #derived = new Map<string, readonly DerivedKey[]>();
  #loading: Promise<void> | undefined;
  /** How often the function has been asked, and which of its answers is in use. */
  #asked = 0;
  #taken = 0;

  /**
   * @param source the keys, or a function that gives them: called once at start, and again by each `refresh()`
   * @throws {TypeError | RangeError} when a list has no key, or one of less than 32 bytes
   */
  constructor(source: KeySource) {
    this.#source = source;
    if (typeof source !== 'function') this.#take(source);
  }

  /** The ring itself, or one of a list of keys. @throws {TypeError | RangeError} as the constructor */
  static of(keys: KeyRing | readonly SessionKey[]): KeyRing {
    return keys instanceof KeyRing ? keys : new KeyRing(keys);
  }

  /**
   * Resolves when there are keys. The app awaits it at start.
   *
   * @throws what the function throws; {TypeError | RangeError} when what it gives are no keys
   */
  ready(): Promise<void> {
    if (this.#keys.length > 0) return Promise.resolve();
    this.#loading ??= this.refresh().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /**
   * Asks the function for keys again, for an app that rotates them while it runs. Until they are there, and when they cannot be
   * had, the ring works with those it has. A list stays what it is.
   *
   * @throws as `ready()`
   */
  async refresh(): Promise<void> {
    if (typeof this.#source !== 'function') return;
    const turn = ++this.#asked;
    const keys = await this.#source();
    // Of two at once, who was asked later knows better, whoever answers first
    if (turn < this.#taken) return;
    this.#take(keys);
    this.#taken = turn;
  }

  /**
   * Derives the keys for one purpose, so that what is sealed for one says nothing to another.
   *
   * @returns one at least, in the order of the ring: the first is for writing, all are for reading
   * @throws {TypeError} when there are none yet
   * @see RFC 5869 (HKDF)
   */
  derive(purpose: string): readonly DerivedKey[] {
    const known = this.#derived.get(purpose);
    if (known !== undefined) return known;
    if (this.#keys.length === 0) throw new TypeError('Cannot use key ring: it has no keys yet: await ready()');
    const keys = this.#keys.map((key) => derived(key, purpose));
    this.#derived.set(purpose, keys);
    return keys;
  }

  #take(keys: readonly SessionKey[]): void {
    const broken = brokenKeyRule(keys);
    if (broken !== undefined) {
      const { at, cure, received, isShort } = broken;
      const message = `Cannot use key ring: keys${at} ${cure}: received ${received}`;
      throw isShort ? new RangeError(message) : new TypeError(message);
    }
    // Copies: what an app does with its own arrays and bytes later changes nothing; the slice() of a buffer is none
    this.#keys = keys.map((key) => (typeof key === 'string' ? key : Uint8Array.from(key)));
    this.#derived = new Map();
  }
}

function derived(key: SessionKey, purpose: string): DerivedKey {
  const bytes = new Uint8Array(hkdfSync('sha256', key, '', `nest-sessions ${purpose}`, SECRET_BYTES + ID_BYTES));
  return { secret: createSecretKey(bytes.subarray(0, SECRET_BYTES)), id: bytes.slice(SECRET_BYTES) };
}
