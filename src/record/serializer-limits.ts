import { SessionDecodeError, SessionTooLargeError } from '../errors.js';

/** The limits of a serializer. */
export interface SerializerLimits {
  /** The most bytes that the data of one session takes; default 1,048,576 (1 MiB). */
  readonly maxBytes?: number;
  /** How deep objects may nest within the data, which counts itself; default 500, which is also the most. */
  readonly maxDepth?: number;
}

/** Deeper than any data that a session should hold, and shallow enough for the engine's own recursion. */
const MOST_DEPTH = 500;

/**
 * Checks and completes the limits that somebody gave.
 *
 * @param serializer the name of the class that was given them, for messages
 * @throws {TypeError} for an option that is none
 * @throws {RangeError} for a limit that is no whole number, or out of its range
 */
export function limitsOf(serializer: string, limits: SerializerLimits): Required<SerializerLimits> {
  const { maxBytes = 1024 * 1024, maxDepth = MOST_DEPTH, ...others } = limits;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new TypeError(`Cannot create ${serializer}: it has no option ${other}`);
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) {
    throw new RangeError(
      `Cannot create ${serializer}: maxBytes must be a positive integer: received ${show(maxBytes)}`,
    );
  }
  if (!Number.isSafeInteger(maxDepth) || maxDepth < 1 || maxDepth > MOST_DEPTH) {
    throw new RangeError(
      `Cannot create ${serializer}: maxDepth must be an integer from 1 to ${MOST_DEPTH}: received ${show(maxDepth)}`,
    );
  }
  return Object.freeze({ maxBytes, maxDepth });
}

/** @throws {SessionTooLargeError} naming both sizes */
export function assertStorable(bytes: Uint8Array, maxBytes: number): void {
  if (bytes.length <= maxBytes) return;
  throw new SessionTooLargeError(
    `Cannot store session: its data takes ${bytes.length} bytes, more than the ${maxBytes} of its serializer (maxBytes)`,
  );
}

/** @throws {SessionDecodeError} naming both sizes */
export function assertReadable(bytes: Uint8Array, maxBytes: number): void {
  if (bytes.length <= maxBytes) return;
  throw new SessionDecodeError(
    `Cannot read session data: it takes ${bytes.length} bytes, more than the ${maxBytes} of its serializer (maxBytes)`,
  );
}

function show(value: unknown): string {
  return typeof value === 'number' ? String(value) : typeof value;
}
