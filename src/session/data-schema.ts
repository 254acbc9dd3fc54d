import type { StandardSchemaV1 } from '@standard-schema/spec';
import { isThenable } from '../common/is-thenable.js';
import { pathStep } from '../common/path-step.js';
import { SessionDecodeError, SessionNotSerializableError } from '../errors.js';
import { plainCopy } from './plain-copy.js';

type Plain = Record<string, unknown>;

/** What a schema says of data: what it makes of it, or the end of the sentence that says why it refuses it. */
type Verdict = { readonly data: Plain } | { readonly misfit: string };

/** Adds what is not there of the defaults of the session's class; gives the same object when nothing lacks. */
type Fill = (data: Plain) => Plain;

/** Stored data was read, but it is not what the session holds today: it counts as no session. */
export class UnfitDataError extends SessionDecodeError {}

/**
 * What the data of one kind of session must look like, and how older data becomes that. Of what a validator says only the
 * path is told: its messages may quote data.
 *
 * @see https://standardschema.dev
 */
export class DataSchema {
  readonly #schema: StandardSchemaV1;
  readonly #migrate: ((data: unknown) => unknown) | undefined;

  /**
   * @param schema must validate synchronously
   * @param migrate makes data that fits of stored data that does not; `undefined` when that counts as no session
   */
  constructor(schema: StandardSchemaV1, migrate?: (data: unknown) => unknown) {
    this.#schema = schema;
    this.#migrate = migrate;
  }

  /**
   * Makes of stored data what the schema makes of it; where it does not fit, of what `migrate` makes of it.
   *
   * @param fill asked before the schema is; `migrate` gets what is stored
   * @throws {UnfitDataError} when it fits neither way
   */
  load(stored: Plain, fill: Fill): Plain {
    const verdict = this.judge(stored, fill);
    if ('data' in verdict) return verdict.data;
    const migrated = this.#migrated(stored);
    const second = isPlain(migrated) ? this.judge(migrated, fill) : verdict;
    if ('data' in second) return second.data;
    throw new UnfitDataError(`Cannot read session data: ${second.misfit}`);
  }

  /**
   * Makes of data what the schema makes of it.
   *
   * @throws {SessionNotSerializableError} when it does not fit: it must not be stored
   */
  assertFit(data: Plain, fill: Fill): Plain {
    const verdict = this.judge(data, fill);
    if ('data' in verdict) return verdict.data;
    throw new SessionNotSerializableError(
      `Cannot store session: ${verdict.misfit}, the next request would not load it`,
    );
  }

  /** Asks the schema. What was only filled in is not part of the answer: it is not stored. */
  judge(data: Plain, fill: Fill): Verdict {
    const whole = fill(data);
    const verdict = this.#ask(whole);
    if (whole === data || 'misfit' in verdict) return verdict;
    for (const key of Object.keys(whole)) {
      if (!Object.hasOwn(data, key)) delete verdict.data[key];
    }
    return verdict;
  }

  #ask(data: Plain): Verdict {
    let result: StandardSchemaV1.Result<unknown> | Promise<StandardSchemaV1.Result<unknown>>;
    try {
      result = this.#schema['~standard'].validate(data);
    } catch {
      // What somebody's rule throws may quote data
      return { misfit: 'data does not fit its schema' };
    }
    if (isThenable(result)) {
      forget(result);
      return { misfit: 'its schema validates asynchronously' };
    }
    if (result.issues !== undefined) return { misfit: `${placeOf(result.issues[0], data)} does not fit its schema` };
    if (!isPlain(result.value)) return { misfit: 'what its schema makes of it is no object' };
    // Some schemas freeze what they make, or give everybody the same
    return { data: plainCopy(result.value) };
  }

  #migrated(stored: Plain): unknown {
    try {
      const migrated = this.#migrate?.(stored);
      if (isThenable(migrated)) return forget(migrated);
      return migrated;
    } catch {
      // As above
      return undefined;
    }
  }
}

function forget(promise: PromiseLike<unknown>): undefined {
  promise.then(undefined, () => {});
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function placeOf(issue: StandardSchemaV1.Issue | undefined, data: Plain): string {
  let place = 'data';
  let value: unknown = data;
  for (const segment of issue?.path ?? []) {
    const key = typeof segment === 'object' ? segment.key : segment;
    if (value instanceof Map) {
      // Its key is data
      place += '.get()';
      value = value.get(key);
    } else {
      place += pathStep(key);
      value = typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
    }
  }
  return place;
}
