import { SessionStorageError } from '../errors.js';

/** One row of an answer. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * Reads a column that is never null.
 *
 * @throws {SessionStorageError} when the driver does not give text: not even text is safe from parsers of one's own
 */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw new SessionStorageError(
    `Cannot read column ${column}: the driver gives no text: leave its parser of text as it is`,
  );
}

/** Reads a column that may be null. */
export function optionalTextOf(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : textOf(row, column);
}

/** Reads a column of rows that are numbers as text. */
export function numberOf(row: Row, column: string): number {
  return Number(textOf(row, column));
}
