import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionDecodeError } from '../../../src/errors.js';
import { decodeRecord, encodeRecord } from '../../../src/record/record.js';
import { anyHeader } from './any-header.js';

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(Buffer.from('\n\n'), Buffer.from('{"v":1}\n')),
);

describe('encodeRecord()', () => {
  it('comes back equal through decodeRecord(), for any header and any payload', () => {
    fc.assert(
      fc.property(anyHeader, payload, (header, payload) => {
        const record = decodeRecord(encodeRecord({ header, payload }));
        expect(record.header).toStrictEqual(header);
        expect(Buffer.from(record.payload).equals(payload)).toBe(true);
      }),
    );
  });

  it('keeps every value of a byte in a payload of 1 MiB', () => {
    const payload = Uint8Array.from({ length: 2 ** 20 }, (_, index) => index);
    const [header] = fc.sample(anyHeader, 1);
    if (header === undefined) throw new Error('no header');
    expect(Buffer.from(decodeRecord(encodeRecord({ header, payload })).payload).equals(payload)).toBe(true);
  });
});

describe('decodeRecord()', () => {
  it('reads bytes that lie somewhere within a larger memory', () => {
    fc.assert(
      fc.property(anyHeader, payload, fc.nat(50), (header, payload, before) => {
        const bytes = encodeRecord({ header, payload });
        const memory = Buffer.alloc(bytes.length + before + 7, 0x0a);
        memory.set(bytes, before);
        const record = decodeRecord(new Uint8Array(memory.buffer, memory.byteOffset + before, bytes.length));
        expect(record.header).toStrictEqual(header);
        expect(Buffer.from(record.payload).equals(payload)).toBe(true);
      }),
    );
  });

  it('A16: refuses bytes without a line end', () => {
    expect(() => decodeRecord(Buffer.from('{"v":1}'))).toThrow(
      'Cannot read session: what is stored has no header line',
    );
    expect(() => decodeRecord(new Uint8Array())).toThrow(SessionDecodeError);
  });

  it('A16: refuses any bytes with a SessionDecodeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeRecord(bytes)).toThrow(SessionDecodeError);
        expect(() => decodeRecord(Buffer.concat([bytes, Buffer.from('\n')]))).toThrow(SessionDecodeError);
      }),
    );
  });
});
