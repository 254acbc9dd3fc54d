import type { ByteStream } from '../common/byte-stream.js';
import { SessionDecodeError } from '../errors.js';
import { decodeHeader, type RecordHeader } from './record-header.js';
import { LINE_END } from './record.js';

/** The most bytes of a line that are looked at: several times as many as the longest has. */
const LONGEST_LINE = 16 * 1024;

/**
 * Reads the header of a record, and no more of the payload than has come with it.
 *
 * @param stream lent; left as soon as the line has ended
 * @throws {SessionDecodeError} when it does not begin with one
 */
export async function readHeader(stream: ByteStream): Promise<RecordHeader> {
  let line = Buffer.alloc(0);
  for await (const chunk of stream.bytes === undefined ? stream : [stream.bytes]) {
    const end = chunk.subarray(0, LONGEST_LINE).indexOf(LINE_END);
    line = Buffer.concat([line, end < 0 ? chunk.subarray(0, LONGEST_LINE) : chunk.subarray(0, end)]);
    if (line.length >= LONGEST_LINE) break;
    if (end >= 0) return decodeHeader(line.toString());
  }
  throw new SessionDecodeError('Cannot read session: what is stored has no header line');
}
