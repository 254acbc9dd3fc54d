import fc from 'fast-check';
import type { RecordHeader } from '../../../src/record/record-header.js';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('', '\n', '"', '\u2028', '\ud800'));
/** Any instant: JSON has no negative zero. */
const instant = fc
  .oneof(fc.integer({ min: 0, max: 2 ** 45 }), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map((number) => number + 0);

/** Any header that can be. */
export const anyHeader: fc.Arbitrary<RecordHeader> = fc.record(
  {
    name: text,
    secretHash: text,
    previous: fc.option(fc.record({ hash: text, until: instant }, { noNullPrototype: true }), { nil: undefined }),
    createdAt: instant,
    idleDeadline: instant,
    absoluteDeadline: instant,
    commits: fc.array(text, { maxLength: 4 }),
    principal: fc.option(text, { nil: undefined }),
    label: fc.option(text, { nil: undefined }),
  },
  { noNullPrototype: true },
);
