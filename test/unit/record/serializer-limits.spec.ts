import { describe, expect, it } from 'vitest';
import { SessionDecodeError, SessionTooLargeError } from '../../../src/errors.js';
import { DevalueSerializer } from '../../../src/record/devalue-serializer.js';
import { JsonSerializer } from '../../../src/record/json-serializer.js';

const MIB = 1024 * 1024;

/** Data of so many objects, one within the other. */
function nested(depth: number, wrap: (inner: unknown) => unknown = (inner) => ({ inner })): object {
  let data: unknown = {};
  for (let level = 2; level < depth; level++) data = wrap(data);
  return depth === 1 ? {} : { inner: data };
}

describe.each([
  ['JsonSerializer', JsonSerializer],
  ['DevalueSerializer', DevalueSerializer],
])('%s', (name, Serializer) => {
  it.each([
    ['maxBytes', 0, RangeError, 'maxBytes must be a positive integer: received 0'],
    ['maxBytes', NaN, RangeError, 'maxBytes must be a positive integer: received NaN'],
    ['maxBytes', 1.5, RangeError, 'maxBytes must be a positive integer: received 1.5'],
    ['maxBytes', '1mb', RangeError, 'maxBytes must be a positive integer: received string'],
    ['maxBytes', null, RangeError, 'maxBytes must be a positive integer: received object'],
    ['maxDepth', 0, RangeError, 'maxDepth must be an integer from 1 to 500: received 0'],
    ['maxDepth', 501, RangeError, 'maxDepth must be an integer from 1 to 500: received 501'],
    ['maxDepth', Infinity, RangeError, 'maxDepth must be an integer from 1 to 500: received Infinity'],
    ['maxbytes', 5, TypeError, 'it has no option maxbytes'],
  ])('refuses %s: %s', (option, value, Kind, message) => {
    expect(() => new Serializer({ [option]: value })).toThrow(new Kind(`Cannot create ${name}: ${message}`));
  });

  it('serialize() gives up to maxBytes, and refuses more, naming both sizes', () => {
    const length = new Serializer().serialize({ text: 'xxxxx' }).length;
    const serializer = new Serializer({ maxBytes: length });
    expect(serializer.deserialize(serializer.serialize({ text: 'xxxxx' }))).toEqual({ text: 'xxxxx' });
    expect(() => serializer.serialize({ text: 'xxxxxx' })).toThrow(
      new SessionTooLargeError(
        `Cannot store session: its data takes ${length + 1} bytes, more than the ${length} of its serializer (maxBytes)`,
      ),
    );
  });

  it('deserialize() refuses more than maxBytes, naming both sizes', () => {
    const bytes = new Serializer().serialize({ text: 'THE-DATA' });
    expect(() => new Serializer({ maxBytes: bytes.length - 1 }).deserialize(bytes)).toThrow(
      new SessionDecodeError(
        `Cannot read session data: it takes ${bytes.length} bytes, more than the ${bytes.length - 1} of its serializer (maxBytes)`,
      ),
    );
  });

  it('counts bytes, not characters', () => {
    expect(() => new Serializer({ maxBytes: 60 }).serialize({ text: '€'.repeat(30) })).toThrow(SessionTooLargeError);
  });

  it('takes 1 MiB where nothing else is said', () => {
    const serializer = new Serializer();
    const rest = serializer.serialize({ text: '' }).length;
    expect(serializer.serialize({ text: 'x'.repeat(MIB - rest) })).toHaveLength(MIB);
    expect(() => serializer.serialize({ text: 'x'.repeat(MIB - rest + 1) })).toThrow(SessionTooLargeError);
  });

  it.each([
    ['objects', undefined],
    ['arrays', (inner: unknown) => [inner]],
  ])('gives %s back down to maxDepth, and refuses deeper ones', (_, wrap) => {
    for (const maxDepth of [1, 2, 7, 500]) {
      const serializer = new Serializer({ maxDepth });
      const deepest = nested(maxDepth, wrap);
      expect(serializer.deserialize(serializer.serialize(deepest))).toEqual(deepest);
      const deeper = nested(maxDepth + 1, wrap);
      expect(() => serializer.serialize(deeper)).toThrow(
        new RegExp(`^Cannot store session: data.* is nested more than ${maxDepth} deep, which`),
      );
      if (maxDepth === 500) continue;
      expect(() => serializer.deserialize(new Serializer().serialize(deeper))).toThrow(
        new SessionDecodeError(`Cannot read session data: it is nested more than ${maxDepth} deep`),
      );
    }
  });

  it('deserialize() refuses what is stored deeper, without walking into it', () => {
    const depth = 100_000;
    const json = `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    const flat = `[${Array.from({ length: depth }, (_, index) => (index === 0 ? '{"a":1}' : `[${index + 1}]`)).join()},[]]`;
    const bytes = Buffer.from(name === 'JsonSerializer' ? json : flat);
    expect(() => new Serializer({ maxBytes: 2 * MIB }).deserialize(bytes)).toThrow(
      new SessionDecodeError('Cannot read session data: it is nested more than 500 deep'),
    );
  });
});
