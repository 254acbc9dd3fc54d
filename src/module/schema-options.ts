import type { StandardSchemaV1 } from '@standard-schema/spec';
import { isThenable } from '../common/is-thenable.js';
import { DataSchema } from '../session/data-schema.js';
import { at, wrongType, type OptionPath } from './option-checks.js';
import type { SessionOptions } from './sessions-options.js';

/**
 * Reads what the data of a session must look like.
 *
 * @returns `undefined` when any data will do
 * @throws {TypeError} for what is no Standard Schema, for one that is not synchronous, and for a `migrate` that nothing would call
 */
export function schemaOf({ schema, migrate, type }: SessionOptions, path: OptionPath): DataSchema | undefined {
  if (migrate !== undefined && typeof migrate !== 'function') {
    throw wrongType(at(path, 'migrate'), 'must be a function', migrate);
  }
  if (schema === undefined) {
    if (migrate === undefined) return undefined;
    throw wrongType(at(path, 'migrate'), 'must come with a schema: without one all data fits', migrate);
  }
  assertSynchronous(schema, type, at(path, 'schema'));
  return new DataSchema(schema, migrate);
}

/** Asks the schema of the data that a session starts with: whether that fits does not matter. */
function assertSynchronous(schema: StandardSchemaV1, type: SessionOptions['type'], path: OptionPath): void {
  const props: Partial<StandardSchemaV1.Props> | undefined = (schema as StandardSchemaV1 | null)?.['~standard'];
  if (typeof props?.validate !== 'function' || props.version !== 1) {
    throw wrongType(path, 'must be a Standard Schema (version 1), such as those of zod, valibot and arktype', schema);
  }
  let result: unknown;
  try {
    result = props.validate(type === undefined ? {} : { ...new type() });
  } catch {
    // A rule, or a class, that expects more than that: no promise at least
  }
  if (!isThenable(result)) return;
  result.then(undefined, () => {});
  throw wrongType(path, 'must validate synchronously, it returned a promise', schema);
}
