import { SessionDecodeError } from '../errors.js';
import { UnfitDataError, type DataSchema } from './data-schema.js';

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
  /** Whether serializing it anew gives the stored bytes: nothing was filled in or made of it, the keys stand in the same order. */
  readonly faithful: boolean;
}

/**
 * Makes the data of one kind of session: objects of its class, or plain ones. What is stored goes through the session's
 * schema on its way in, and nothing is to be stored that would not come back through it.
 */
export class DataShape<Data extends object> {
  readonly #type: (new () => Data) | undefined;
  readonly #schema: DataSchema | undefined;
  /** Adds the defaults of the class, as they would be stored, for keys that are not there. */
  readonly #fill = (stored: PlainData): PlainData => {
    if (this.#type === undefined) return stored;
    const blank = this.blank() as PlainData;
    const lacks = Object.keys(blank).some((key) => blank[key] !== undefined && !Object.hasOwn(stored, key));
    if (!lacks) return stored;
    const filled = this.decode(this.codec.serialize(blank));
    assignKeys(filled, stored);
    return filled;
  };

  /**
   * @param type the session's class; `undefined` for plain objects
   * @param schema what stored data must fit; `undefined` when any data will do
   */
  constructor(
    readonly codec: DataCodec,
    type: (new () => Data) | undefined,
    schema?: DataSchema,
  ) {
    this.#type = type;
    this.#schema = schema;
  }

  /**
   * Reads what a storage holds: as the schema makes of it.
   *
   * @throws {SessionDecodeError} when the bytes are not the serializer's own
   * @throws {UnfitDataError} when they are, but the data does not fit
   */
  read(payload: Uint8Array): PlainData {
    const stored = this.decode(payload);
    return this.#schema === undefined ? stored : this.#schema.load(stored, this.#fill);
  }

  /** Reads bytes of our own: as the schema makes of them where they fit, which data that nobody stored yet need not. */
  recall(bytes: Uint8Array): PlainData {
    const own = this.decode(bytes);
    const verdict = this.#schema?.judge(own, this.#fill);
    return verdict !== undefined && 'data' in verdict ? verdict.data : own;
  }

  /**
   * Writes data that is to be stored.
   *
   * @throws {SessionNotSerializableError} when the serializer would not give a value back, or the next load would refuse it
   */
  encode(data: object): Uint8Array {
    const bytes = this.codec.serialize(data);
    this.assertLoads(bytes);
    return bytes;
  }

  /** @throws {SessionNotSerializableError} when the next load would refuse what these bytes hold, naming its path */
  assertLoads(bytes: Uint8Array): void {
    if (this.#schema === undefined) return;
    this.codec.serialize(this.of(this.#schema.assertFit(this.decode(bytes), this.#fill)).data);
  }

  /** What data was changed to that came of storage: as the next load would give it. */
  settled(data: PlainData): PlainData {
    return this.#schema === undefined ? data : this.read(this.encode(data));
  }

  /**
   * Writes data as it was read, to notice changes by.
   *
   * @throws {UnfitDataError} when what was made of it, by a schema or with the defaults of the class, could not be stored
   */
  baseline(data: Data): Uint8Array {
    try {
      return this.codec.serialize(data);
    } catch {
      throw new UnfitDataError('Cannot read session data: what was made of it cannot be stored');
    }
  }

  /**
   * Reads keys, whatever they are.
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
    const faithful = this.#schema === undefined;
    if (this.#type === undefined) return { data: stored as Data, faithful };
    const data = this.blank();
    assignKeys(data, stored);
    return { data, faithful: faithful && standsLike(data, stored) };
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
