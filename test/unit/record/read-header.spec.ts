import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { streamOf } from '../../../src/common/byte-stream.js';
import { SessionDecodeError } from '../../../src/errors.js';
import { readHeader } from '../../../src/record/read-header.js';
import { encodeRecord } from '../../../src/record/record.js';
import { anyHeader } from './any-header.js';

/** The bytes in pieces of a size; fails when it is asked for more pieces than `most`. */
async function* pieces(bytes: Uint8Array, size: number, most = Infinity): AsyncGenerator<Uint8Array> {
  for (let at = 0, count = 0; at < bytes.length; at += size) {
    if (++count > most) throw new Error('it was read on');
    yield bytes.subarray(at, at + size);
  }
}

describe('readHeader()', () => {
  it('reads what encodeRecord() has written, however it is lent', async () => {
    await fc.assert(
      fc.asyncProperty(anyHeader, fc.uint8Array(), fc.integer({ min: 1, max: 200 }), async (header, payload, size) => {
        const bytes = encodeRecord({ header, payload });
        expect(await readHeader(streamOf(bytes))).toStrictEqual(header);
        expect(await readHeader(pieces(bytes, size))).toStrictEqual(header);
      }),
    );
  });

  it('leaves the stream when the line has ended', async () => {
    const [header] = fc.sample(anyHeader, 1);
    if (header === undefined) throw new Error('no header');
    const bytes = encodeRecord({ header, payload: Buffer.alloc(10_000) });
    const line = bytes.indexOf(0x0a) + 1;
    expect(await readHeader(pieces(bytes, line, 1))).toStrictEqual(header);
  });

  it.each<[string, Uint8Array]>([
    ['nothing', Buffer.alloc(0)],
    ['no line', Buffer.from('{"v":1')],
    ['another version', Buffer.from('{"v":2}\n')],
    ['a line without an end in sight', Buffer.alloc(100_000, 'x')],
    ['a line that is far too long', Buffer.from(`${' '.repeat(20_000)}\n`)],
  ])('refuses %s, and reads no more than 16 KiB and a piece of it', async (_, bytes) => {
    await expect(readHeader(streamOf(bytes))).rejects.toThrow(SessionDecodeError);
    await expect(readHeader(pieces(bytes, 1024, 17))).rejects.toThrow(SessionDecodeError);
  });
});
