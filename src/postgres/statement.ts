import { createHash } from 'node:crypto';

/** A statement of SQL, and the name under which a connection keeps it prepared. */
export interface Statement {
  /** Of its text alone: a connection takes no other text under a name, and several storages may share one. */
  readonly name: string;
  readonly text: string;
}

/** What a statement is given in the place of `$1`, `$2`, ... */
export type StatementValue = string | number | Uint8Array | null;

/** All of them; made when the statement is sent where they tell of time. */
export type StatementValues = readonly StatementValue[] | (() => readonly StatementValue[]);

/** Makes the values of a statement that is being sent. */
export function valuesOf(values: StatementValues): StatementValue[] {
  return [...(typeof values === 'function' ? values() : values)];
}

/**
 * Names a statement.
 *
 * @param text in which all columns of the answer are `text`, which drivers give as it is, whatever their settings
 */
export function statement(text: string): Statement {
  return { name: `nest_sessions_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`, text };
}
