import { noise } from './noise.js';
import { bytesOf, ONE } from './sample-bytes.js';
import type { TransformerBench, TransformerCaseDraft } from './transformer-bench.js';

/** Bytes that were not sealed, and what they are. */
type Forgery = readonly [bytes: Uint8Array, what: string];

/** Two of one length, in which no byte is at the same place. */
const BYTES = noise(40);
const OTHERS = BYTES.map((byte) => byte ^ 0xff);

/** Purposes of which none must pass for another. */
const PURPOSES = ['value a', 'value b', 'value ab', 'value a ', 'value A', 'value', 'token a', 'a', ''];

/** Ways to forge, from nothing but what clients get. */
const forgeries: Readonly<Record<string, (bench: TransformerBench) => Iterable<Forgery>>> = {
  'no bytes': () => [[new Uint8Array(), 'no bytes']],
  *'few bytes'() {
    for (let length = 1; length <= 100; length++) {
      for (const value of [0, 1, 0x80, 0xff]) {
        yield [new Uint8Array(length).fill(value), `${length} bytes of ${value}`];
      }
    }
  },
  *'random bytes'() {
    for (let length = 1; length <= 600; length++) yield [noise(length, length), `${length} random bytes`];
    for (const length of [1000, 5000, 8192]) yield [noise(length, length), `${length} random bytes`];
  },
  *'what is cut at its end'(bench) {
    const sealed = bench.seal(BYTES);
    for (let end = 0; end < sealed.length; end++) yield [sealed.slice(0, end), `what is cut to ${end} bytes`];
  },
  *'what is cut at its start'(bench) {
    const sealed = bench.seal(BYTES);
    for (let start = 1; start < sealed.length; start++) yield [sealed.slice(start), `what lacks ${start} bytes`];
  },
  *'what is longer'(bench) {
    const sealed = bench.seal(BYTES);
    for (const more of [Uint8Array.of(0), Uint8Array.of(0x80), noise(64), sealed]) {
      yield [Uint8Array.from([...sealed, ...more]), `what has ${more.length} bytes more at its end`];
      yield [Uint8Array.from([...more, ...sealed]), `what has ${more.length} bytes more at its start`];
    }
  },
  *'what has any one bit flipped'(bench) {
    for (const bytes of [new Uint8Array(), BYTES]) yield* flipped(bench.seal(bytes));
  },
  *'parts of one in the place of those of another'(bench) {
    const [first, second] = [bench.seal(BYTES), bench.seal(OTHERS)];
    for (let start = 0; start < first.length; start++) {
      for (let end = start + 1; end <= first.length; end++) {
        const mixed = Buffer.from(first);
        mixed.set(second.subarray(start, end), start);
        const isForged = !mixed.equals(first) && !mixed.equals(second);
        if (isForged) yield [mixed, `one with bytes ${start} to ${end} of another`];
      }
    }
  },
};

/** What anybody may send, to any transformer. */
export const transformerHostileCases: readonly TransformerCaseDraft[] = [
  {
    name: 'open() never throws, whatever it is given',
    check: (bench) => {
      for (const forge of Object.values(forgeries)) {
        for (const [bytes] of forge(bench)) bench.inEachForm(bytes, (lent) => bench.open(lent));
      }
    },
  },
];

/** That nobody without a key can make or change what opens. */
export const transformerRefusalCases: readonly TransformerCaseDraft[] = [
  ...Object.entries(forgeries).map(([what, forge]): TransformerCaseDraft => ({
    name: `open() gives undefined for ${what}`,
    check: (bench) => {
      for (const [bytes, told] of forge(bench)) bench.assertRefused(bytes, told);
    },
  })),
  {
    name: 'open() gives undefined for what was sealed for another purpose',
    check: (bench) => {
      for (const purpose of PURPOSES) {
        const sealed = bench.seal(BYTES, { purpose });
        for (const other of PURPOSES.filter((one) => one !== purpose)) {
          bench.assertRefused(sealed, `what was sealed for "${purpose}" and is opened for "${other}"`, {
            purpose: other,
          });
        }
      }
    },
  },
  {
    name: 'open() gives undefined where a purpose ends with what the bytes begin with',
    check: (bench) => {
      const sealed = bench.seal(Uint8Array.from([...bytesOf('b'), ...ONE]), { purpose: 'value a' });
      for (let at = 0; at < sealed.length; at++) {
        const without = Uint8Array.from([...sealed.subarray(0, at), ...sealed.subarray(at + 1)]);
        bench.assertRefused(without, `what lacks its byte ${at}`, { purpose: 'value ab' });
      }
    },
  },
];

/** One for each bit. */
export function* flipped(sealed: Uint8Array): Generator<Forgery> {
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Uint8Array.from(sealed);
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    yield [changed, `what has bit ${bit & 7} of byte ${bit >> 3} flipped`];
  }
}
