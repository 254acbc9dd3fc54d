import { randomText } from '../../common/random.js';

/** One state of a record. The name of its mark says everything about it but the bytes. */
export interface Mark {
  /** The name of the mark: `<before>.<revision>.<expiresAt>`; what a storage's user knows as the version. */
  readonly name: string;
  /** The name of the file that holds the bytes: `<before>.<revision>`. */
  readonly bytesName: string;
  /** Names this state alone: random, it never comes back. */
  readonly revision: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const REVISION_BYTES = 12;
const NO_REVISION = '0'.repeat(16);
const MARK = /^([\w-]{16}\.([\w-]{16}))\.(\d{1,16})$/;
const BYTES = /^([\w-]{16})\.([\w-]{16})$/;

/**
 * Makes the mark of a state to come.
 *
 * @param before the state that it takes the place of; `undefined` for a new record
 * @param expiresAt milliseconds since the epoch, later than now; a fraction counts as a whole one
 */
export function markAfter(before: Mark | undefined, expiresAt: number): Mark {
  const bytesName = `${before?.revision ?? NO_REVISION}.${randomText(REVISION_BYTES)}`;
  return markNamed(`${bytesName}.${Math.min(Math.ceil(expiresAt), Number.MAX_SAFE_INTEGER)}`) as Mark;
}

/** Reads the name of a mark; `undefined` for every other name. */
export function markNamed(name: string): Mark | undefined {
  const [, bytesName, revision, expiresAt] = MARK.exec(name) ?? [];
  if (bytesName === undefined || revision === undefined) return undefined;
  return { name, bytesName, revision, expiresAt: Number(expiresAt) };
}

/**
 * Whether a file of bytes belongs to no state that is or may still come: it is neither that of the mark nor was it written to
 * take the mark's place.
 */
export function isLeftover(name: string, mark: Mark): boolean {
  const [, before, revision] = BYTES.exec(name) ?? [];
  return before !== undefined && before !== mark.revision && revision !== mark.revision;
}
