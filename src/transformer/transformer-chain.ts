import { isBase64url } from '../common/base64url.js';
import type { Opened, SessionTransformer } from './session-transformer.js';

/** More than any transport takes, in characters. */
const MAX_LENGTH = 8192;

/** Less than the shortest that anything sealed can be, in characters: an id, deadlines and 32 bytes to tell it is real. */
const MIN_LENGTH = 64;

/** The transformers of one session in their order, for one purpose: bytes to the text that travels, and back. */
export class TransformerChain {
  readonly #transformers: readonly SessionTransformer[];
  readonly #purpose: string;

  constructor(transformers: readonly SessionTransformer[], purpose: string) {
    this.#transformers = transformers;
    this.#purpose = purpose;
  }

  /** Seals bytes; the text consists of base64url alone, which a cookie and a header take as it is. */
  seal(bytes: Uint8Array): string {
    let sealed = bytes;
    for (const transformer of this.#transformers) sealed = transformer.seal(sealed, this.#purpose);
    return Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength).toString('base64url');
  }

  /**
   * Opens a text.
   *
   * @returns `undefined` for whatever `seal()` did not make
   */
  open(text: string): Opened | undefined {
    if (!isSealedText(text)) return undefined;
    let bytes: Uint8Array = Buffer.from(text, 'base64url');
    let outdated = false;
    for (const transformer of this.#transformers.toReversed()) {
      const opened = transformer.open(bytes, this.#purpose);
      if (opened === undefined) return undefined;
      bytes = opened.bytes;
      outdated ||= opened.outdated === true;
    }
    return { bytes, outdated };
  }
}

/**
 * Whether a text has the form of something sealed, by whatever key: an instance that does not know a new key yet, or none at
 * all, must not take it for garbage and make its client forget it.
 */
export function isSealedText(text: string): boolean {
  return text.length >= MIN_LENGTH && text.length <= MAX_LENGTH && isBase64url(text, text.length);
}
