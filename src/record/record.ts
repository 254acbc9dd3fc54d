import { SessionDecodeError } from '../errors.js';
import { decodeHeader, encodeHeader, type RecordHeader } from './record-header.js';

/** What a storage holds for one id. */
export interface SessionRecord {
  readonly header: RecordHeader;
  /** The serializer's bytes. */
  readonly payload: Uint8Array;
}

/** What ends the header's line. */
export const LINE_END = 0x0a;

/** Lays out a record: the header's line, a line end, the payload. */
export function encodeRecord({ header, payload }: SessionRecord): Uint8Array {
  const line = Buffer.from(encodeHeader(header) + '\n');
  return Buffer.concat([line, payload], line.length + payload.length);
}

/**
 * Reads a record.
 *
 * @param bytes lent; the payload returned is a view of them
 * @throws {SessionDecodeError} when they are not a record of this version
 */
export function decodeRecord(bytes: Uint8Array): SessionRecord {
  const end = bytes.indexOf(LINE_END);
  if (end < 0) throw new SessionDecodeError('Cannot read session: what is stored has no header line');
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, end).toString();
  return { header: decodeHeader(line), payload: bytes.subarray(end + 1) };
}
