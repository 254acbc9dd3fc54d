import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionDecodeError } from '../../../src/errors.js';
import { decodeHeader, encodeHeader, type RecordHeader } from '../../../src/record/record-header.js';
import { anyHeader } from './any-header.js';

const header: RecordHeader = {
  name: 'sid',
  secretHash: 'hash',
  previous: { hash: 'old', until: 5 },
  createdAt: 1,
  idleDeadline: 2,
  absoluteDeadline: 3,
  commits: ['c2', 'c1'],
};

describe('encodeHeader()', () => {
  it('comes back equal through decodeHeader(), for any header', () => {
    fc.assert(
      fc.property(anyHeader, (header) => {
        expect(decodeHeader(encodeHeader(header))).toStrictEqual(header);
      }),
    );
  });

  it('gives one line, for any header', () => {
    fc.assert(
      fc.property(anyHeader, (header) => {
        expect(encodeHeader(header)).not.toMatch(/[\r\n]/);
      }),
    );
  });

  it('keeps to its format, which other processes read', () => {
    expect(encodeHeader(header)).toBe(
      '{"v":1,"name":"sid","secret":"hash","previous":["old",5],"created":1,"idle":2,"absolute":3,"commits":["c2","c1"]}',
    );
    expect(encodeHeader({ ...header, principal: 'eva', label: 'Firefox' })).toMatch(
      /,"commits":\["c2","c1"\],"principal":"eva","label":"Firefox"}$/,
    );
  });
});

describe('decodeHeader()', () => {
  const fields = JSON.parse(encodeHeader(header)) as Record<string, unknown>;

  it.each(Object.keys(fields).filter((key) => key !== 'previous'))('refuses a header without %s', (key) => {
    expect(() => decodeHeader(JSON.stringify({ ...fields, [key]: undefined }))).toThrow(SessionDecodeError);
  });

  it('reads a header without a previous secret', () => {
    expect(decodeHeader(JSON.stringify({ ...fields, previous: undefined })).previous).toBeUndefined();
  });

  it.each([
    ['v', 2],
    ['v', '1'],
    ['name', 5],
    ['principal', 5],
    ['label', null],
    ['secret', null],
    ['previous', null],
    ['previous', 'old'],
    ['previous', []],
    ['previous', ['old']],
    ['previous', [5, 5]],
    ['created', '1'],
    ['idle', null],
    ['absolute', {}],
    ['commits', 'c1'],
    ['commits', [1]],
    ['commits', null],
  ])('A16: refuses a header whose %s is %j', (key, value) => {
    expect(() => decodeHeader(JSON.stringify({ ...fields, [key]: value }))).toThrow(SessionDecodeError);
  });

  it.each(['', '{', 'null', '5', '"text"', '[]', '{}', '\u0000'])('A16: refuses %j', (line) => {
    expect(() => decodeHeader(line)).toThrow(SessionDecodeError);
  });

  it('A16: refuses any text, or any cut header, with a SessionDecodeError that quotes nothing of it', () => {
    const cut = fc.tuple(anyHeader, fc.nat()).map(([header, at]) => {
      const line = encodeHeader(header);
      return line.slice(0, at % line.length);
    });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), cut), (line) => {
        let error: unknown;
        try {
          decodeHeader(line);
        } catch (thrown) {
          error = thrown;
        }
        expect(error).toBeInstanceOf(SessionDecodeError);
        expect((error as Error).message).toBe('Cannot read session: what is stored is not a record of this version');
        expect((error as Error).cause).toBeUndefined();
      }),
    );
  });
});
