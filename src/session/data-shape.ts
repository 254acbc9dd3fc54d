import { SessionDecodeError } from '../errors.js';

/** Data as a serializer gives it back: own keys, no class. */
export type PlainData = Record<string, unknown>;

/** Data <-> bytes; the part of a serializer that data needs. */
export interface DataCodec {
  serialize(data: object): Uint8Array;
  deserialize(bytes: Uint8Array): object;
}

/** Data that was made from stored data. */
export interface ShapedData<Data extends object> {
  readonly data: Data;
  /** Whether serializing it anew gives the stored bytes: no default was filled in, the keys stand in the same order. */
  readonly faithful: boolean;
}

/** Makes the data of one kind of session: objects of its class, or plain ones. */
export class DataShape<Data extends object> {
  readonly #type: (new () => Data) | undefined;

  /** @param type the session's class; `undefined` for plain objects */
  constructor(
    readonly codec: DataCodec,
    type: (new () => Data) | undefined,
  ) {
    this.#type = type;
  }

  /**
   * Reads stored keys.
   *
   * @throws {SessionDecodeError} when the bytes are not the serializer's own, whatever that throws: it may quote data
   */
  decode(bytes: Uint8Array): PlainData {
    try {
      const data: unknown = this.codec.deserialize(bytes);
      if (typeof data === 'object' && data !== null) return data as PlainData;
    } catch {
      // As said above
    }
    throw new SessionDecodeError('Cannot read session data: the serializer does not know what is stored');
  }

  /** The data that a new session starts with: the defaults of its class. */
  blank(): Data {
    return this.#type === undefined ? ({} as Data) : new this.#type();
  }

  /** Makes data of stored keys: an object of the class, where the keys that are not stored have the class's default. */
  of(stored: PlainData): ShapedData<Data> {
    if (this.#type === undefined) return { data: stored as Data, faithful: true };
    const data = this.blank();
    assignKeys(data, stored);
    return { data, faithful: standsLike(data, stored) };
  }

  /** Makes what somebody assigned to a session's data an object of its class; what is one already stays itself. */
  adopt(value: Data): Data {
    if (this.#type === undefined || value instanceof this.#type) return value;
    return this.of(value as PlainData).data;
  }
}

/**
 * Assigns all keys of `source` to `target` as own properties: a key that `target` inherits (`__proto__`, `constructor`, an
 * accessor of its class) is defined, so that no stored key reaches a prototype or a setter.
 */
export function assignKeys(target: object, source: PlainData): void {
  for (const key of Object.keys(source)) {
    const value = source[key];
    if (key in target && !Object.hasOwn(target, key)) {
      Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
    } else {
      (target as PlainData)[key] = value;
    }
  }
}

function standsLike(data: object, stored: PlainData): boolean {
  if ('toJSON' in data) return false;
  const keys = Object.keys(data).filter((key) => (data as PlainData)[key] !== undefined);
  const expected = Object.keys(stored);
  return keys.length === expected.length && keys.every((key, index) => key === expected[index]);
}
