import { AssertionError } from 'node:assert';
import { describe, expect, it } from 'vitest';
import {
  transformerConformance,
  type TransformerConformanceOptions,
} from '../../../src/testing/transformer-conformance.js';
import type { SessionTransformer } from '../../../src/transformer/session-transformer.js';
import { brokenTransformers, type BrokenTransformer } from './broken-transformers.js';
import { GoodTransformer } from './good-transformer.js';

const [OLD, NEW, STRANGE] = ['o', 'n', 's'].map((letter) => letter.repeat(32)) as [string, string, string];

const optionsFor = (type: BrokenTransformer['type']): TransformerConformanceOptions => ({
  create: () => new type([OLD]),
  other: () => new type([STRANGE]),
  rotated: () => new type([NEW, OLD]),
  hides: true,
});

/** It copies, and that is all; no `ready()`. */
class Copier implements SessionTransformer {
  readonly authenticates = false;

  seal(bytes: Uint8Array): Uint8Array {
    return Uint8Array.from(bytes);
  }

  open(bytes: Uint8Array): { bytes: Uint8Array } {
    return { bytes: Uint8Array.from(bytes) };
  }
}

/** What becomes of some cases over a broken transformer: the name of each, and its error if it fails. */
async function results({ type }: BrokenTransformer, isMeant: (name: string) => boolean) {
  const cases = transformerConformance(optionsFor(type)).filter(({ name }) => isMeant(name));
  return Promise.all(
    cases.map(async ({ name, run }) => ({ name, error: await run().catch((error: unknown) => error) })),
  );
}

const good = optionsFor(GoodTransformer);
const namesOf = (options: TransformerConformanceOptions) => transformerConformance(options).map(({ name }) => name);
const caseOf = (name: string, options: TransformerConformanceOptions) =>
  transformerConformance(options).find((one) => one.name === name);

/** Of these a transformer that breaks one thing passes one at least. */
const OTHERS = [
  'open() gives back what was sealed, up to 5,000 bytes',
  'open() does not call outdated what was sealed just now',
  'ready() may be called again, and twice at once',
];

describe('transformerConformance()', () => {
  it.each(transformerConformance(good))('passes a good transformer: $name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });

  it.each(transformerConformance({ create: () => new Copier(), authenticates: false }))(
    'passes one that only copies: $name',
    async ({ run }) => {
      await expect(run()).resolves.toBeUndefined();
    },
  );

  describe('fails a transformer that', () => {
    it.each(brokenTransformers)('$what: $shownBy', async (broken) => {
      const shown = await results(broken, (name) => name === broken.shownBy);
      expect(shown).toHaveLength(1);
      expect(shown.filter(({ error }) => error === undefined)).toEqual([]);
      const others = await results(broken, (name) => OTHERS.includes(name));
      expect(others.some(({ error }) => error === undefined)).toBe(true);
    });

    it('breaks anything that a case is about', () => {
      const isShown = (name: string) => brokenTransformers.some(({ shownBy }) => name === shownBy);
      expect(namesOf(good).filter((name) => !isShown(name))).toEqual([]);
    });

    it('answers later, or with something else than bytes', async () => {
      class Later extends GoodTransformer {
        override seal(bytes: Uint8Array, purpose: string) {
          return Promise.resolve(super.seal(bytes, purpose)) as unknown as Uint8Array;
        }
      }
      class Bare extends GoodTransformer {
        override open(bytes: Uint8Array, purpose: string) {
          return super.open(bytes, purpose)?.bytes as unknown as { bytes: Uint8Array };
        }
      }
      class Vague extends GoodTransformer {
        override open(bytes: Uint8Array, purpose: string) {
          return { ...super.open(bytes, purpose), outdated: 'no' } as unknown as ReturnType<GoodTransformer['open']>;
        }
      }
      const name = 'open() gives back what was sealed, up to 5,000 bytes';
      const message = async (type: BrokenTransformer['type']) =>
        caseOf(name, optionsFor(type))
          ?.run()
          .catch((error: unknown) => (error as Error).message);
      expect(await message(Later)).toBe('seal() gives bytes');
      expect(await message(Bare)).toBe('open() gives { bytes } or undefined');
      expect(await message(Vague)).toBe('outdated is a boolean, or not there');
    });
  });

  it('names each case once', () => {
    expect(new Set(namesOf(good)).size).toBe(namesOf(good).length);
  });

  it('leaves out what a transformer does not do', () => {
    const { create } = good;
    const all = namesOf(good);
    const lacks = (options: TransformerConformanceOptions) => {
      const names = namesOf(options);
      return all.filter((name) => !names.includes(name));
    };
    expect(lacks({ ...good, hides: false })).toEqual(all.filter((name) => /^seal\(\) (makes|shows|tells) /.test(name)));
    expect(lacks({ create, other: create, hides: true })).toEqual(all.filter((name) => /rotation/.test(name)));
    expect(lacks({ create, rotated: create, hides: true })).toEqual(all.filter((name) => /other keys/.test(name)));
    const open = namesOf({ ...good, authenticates: false });
    expect(open.filter((name) => /undefined/.test(name))).toEqual([]);
    expect(open.filter((name) => !all.includes(name))).toEqual(['authenticates is false']);
    expect(open.filter((name) => /rotation/.test(name))).toHaveLength(2);
  });

  it('fails a transformer that says that it authenticates, where that is not expected', async () => {
    const options = { ...good, authenticates: false };
    await expect(caseOf('authenticates is false', options)?.run()).rejects.toThrow(AssertionError);
  });

  it('waits for each that it makes, and for its ready()', async () => {
    let waiting = 0;
    class Slow extends GoodTransformer {
      #isReady = false;

      override async ready() {
        await Promise.resolve();
        this.#isReady = true;
        waiting++;
      }

      override seal(bytes: Uint8Array, purpose: string) {
        if (!this.#isReady) throw new Error('not ready');
        return super.seal(bytes, purpose);
      }
    }
    const slow = (...keys: string[]) => Promise.resolve(new Slow(keys));
    const options = { create: () => slow(OLD), other: () => slow(STRANGE), rotated: () => slow(NEW, OLD), hides: true };
    for (const name of namesOf(options)) await caseOf(name, options)?.run();
    expect(waiting).toBeGreaterThan(namesOf(options).length);
  });

  it('tells what was opened that should not have been, without the bytes', async () => {
    const [broken] = brokenTransformers.filter(({ what }) => what === 'does not sign its last byte');
    const [shown] = await results(broken as BrokenTransformer, (name) => name === broken?.shownBy);
    expect(String(shown?.error)).toMatch(/open\(\) gives undefined for what has bit 0 of byte \d+ flipped$/);
  });
});
