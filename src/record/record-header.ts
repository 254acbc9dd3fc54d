import { SessionDecodeError } from '../errors.js';

/** A secret that was replaced, refused kindly for a while: its request may have been on its way. */
export interface PreviousSecret {
  /** SHA-256 of the secret, base64url. */
  readonly hash: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** The first line of a record: everything the core needs to know of a session before it believes its data. */
export interface RecordHeader {
  /** The session's name: a token of one session is no token of another in the same storage. */
  readonly name: string;
  /** SHA-256 of the secret, base64url. */
  readonly secretHash: string;
  readonly previous: PreviousSecret | undefined;
  /** Milliseconds since the epoch, as all instants here. */
  readonly createdAt: number;
  readonly idleDeadline: number;
  readonly absoluteDeadline: number;
  /** The ids of the last commits, newest first: by its own a writer whose answer was lost knows that it has succeeded. */
  readonly commits: readonly string[];
  /** Whose session it is; `undefined` for nobody's. */
  readonly principal?: string | undefined;
  /** What its client is called. */
  readonly label?: string | undefined;
}

/** For how long the secret that a login replaced is refused with 409 instead of being unknown, in milliseconds. */
export const PREVIOUS_SECRET_TIME = 60_000;

/** How many commits a header remembers. */
export const REMEMBERED_COMMITS = 4;

const FORMAT = 1;

/** Writes a header as one line of JSON, without its line end. */
export function encodeHeader(header: RecordHeader): string {
  const { name, secretHash, previous, createdAt, idleDeadline, absoluteDeadline, commits, principal, label } = header;
  return JSON.stringify({
    v: FORMAT,
    name,
    secret: secretHash,
    previous: previous && [previous.hash, previous.until],
    created: createdAt,
    idle: idleDeadline,
    absolute: absoluteDeadline,
    commits,
    principal,
    label,
  });
}

/**
 * Reads a header's line.
 *
 * @throws {SessionDecodeError} when it is not one, or of a format that this version does not know
 */
export function decodeHeader(line: string): RecordHeader {
  const fields = parse(line);
  if (fields['v'] !== FORMAT) refuse();
  return {
    name: text(fields['name']),
    secretHash: text(fields['secret']),
    previous: previousSecret(fields['previous']),
    createdAt: instant(fields['created']),
    idleDeadline: instant(fields['idle']),
    absoluteDeadline: instant(fields['absolute']),
    commits: texts(fields['commits']),
    principal: optionalText(fields['principal']),
    label: optionalText(fields['label']),
  };
}

function parse(line: string): Record<string, unknown> {
  let fields: unknown;
  try {
    fields = JSON.parse(line);
  } catch {
    // The engine's message quotes what is stored
  }
  return typeof fields === 'object' && fields !== null ? (fields as Record<string, unknown>) : refuse();
}

function previousSecret(value: unknown): PreviousSecret | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return refuse();
  return { hash: text(value[0]), until: instant(value[1]) };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : refuse();
}

function optionalText(value: unknown): string | undefined {
  return value === undefined ? undefined : text(value);
}

function instant(value: unknown): number {
  return typeof value === 'number' ? value : refuse();
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(text) : refuse();
}

function refuse(): never {
  throw new SessionDecodeError('Cannot read session: what is stored is not a record of this version');
}
