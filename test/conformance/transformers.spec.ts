import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { encrypt, KeyRing, sign, type Opened, type SessionTransformer } from 'nest-sessions';
import { transformerConformance, type TransformerConformanceOptions } from 'nest-sessions/testing';
import { describe, expect, it } from 'vitest';

const [OLD, NEW, STRANGE] = ['o', 'n', 's'].map((letter) => letter.repeat(32)) as [string, string, string];

/** A ring whose keys come from somebody else. */
const asked = (...keys: string[]): KeyRing => new KeyRing(async () => keys);

/** What an app may write: it makes data smaller before they are encrypted, and knows no key. */
class Deflate implements SessionTransformer {
  readonly authenticates = false;

  seal(bytes: Uint8Array): Uint8Array {
    return deflateRawSync(bytes);
  }

  open(bytes: Uint8Array): Opened | undefined {
    try {
      return { bytes: inflateRawSync(bytes, { maxOutputLength: 65_536, finishFlush: constants.Z_FINISH }) };
    } catch {
      return undefined;
    }
  }
}

/** What must keep the contract, and what it says that it does; the run prints a line for each. */
const transformers: Readonly<Record<string, TransformerConformanceOptions>> = {
  'encrypt()': {
    create: () => encrypt([OLD]),
    other: () => encrypt([STRANGE]),
    rotated: () => encrypt([NEW, OLD]),
    hides: true,
  },
  'encrypt(), with a ring that asks for its keys': {
    create: () => encrypt(asked(OLD)),
    other: () => encrypt(asked(STRANGE)),
    rotated: () => encrypt(asked(NEW, OLD)),
    hides: true,
  },
  'sign()': {
    create: () => sign([OLD]),
    other: () => sign([STRANGE]),
    rotated: () => sign([NEW, OLD]),
  },
  'sign(), with a ring that asks for its keys': {
    create: () => sign(asked(OLD)),
    other: () => sign(asked(STRANGE)),
    rotated: () => sign(asked(NEW, OLD)),
  },
  'a custom one that compresses': { create: () => new Deflate(), authenticates: false },
};

for (const [name, options] of Object.entries(transformers)) {
  describe(`conformance of transformer ${name}`, () => {
    it.each(transformerConformance(options))('$name', async ({ run }) => {
      await expect(run()).resolves.toBeUndefined();
    });
  });
}
