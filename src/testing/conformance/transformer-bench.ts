import assert from 'node:assert/strict';
import type { Opened, SessionTransformer } from '../../transformer/session-transformer.js';
import { assertBytes } from './assert-bytes.js';

/** Makes a transformer; its `ready()` is awaited before it is used. */
export type MakeTransformer = () => SessionTransformer | Promise<SessionTransformer>;

/** A case before it is known which transformer to try. */
export interface TransformerCaseDraft {
  readonly name: string;
  readonly check: (bench: TransformerBench) => void | Promise<void>;
}

/** Which of several purposes, and by which of several transformers; default: the usual ones. */
export interface How {
  readonly purpose?: string;
  readonly by?: SessionTransformer;
}

/** What everything is sealed for that is not about purposes. */
const PURPOSE = 'value cart';

/** The forms in which bytes are lent: in Node most are buffers, whose `slice()` is no copy. */
const FORMS: readonly ((bytes: Uint8Array) => Uint8Array)[] = [
  (bytes) => Uint8Array.from(bytes),
  (bytes) => Buffer.from(bytes),
];

/** The transformer of one case, with shorter words. */
export class TransformerBench {
  readonly #make: MakeTransformer;

  private constructor(
    make: MakeTransformer,
    readonly transformer: SessionTransformer,
  ) {
    this.#make = make;
  }

  static async create(make: MakeTransformer): Promise<TransformerBench> {
    return new TransformerBench(make, await ready(make));
  }

  /** Another one with the same keys, as on another node. */
  another(): Promise<SessionTransformer> {
    return ready(this.#make);
  }

  seal(bytes: Uint8Array, { purpose = PURPOSE, by = this.transformer }: How = {}): Uint8Array {
    const sealed: unknown = by.seal(bytes, purpose);
    assert.ok(sealed instanceof Uint8Array, 'seal() gives bytes');
    return sealed;
  }

  open(bytes: Uint8Array, { purpose = PURPOSE, by = this.transformer }: How = {}): Opened | undefined {
    const opened: unknown = by.open(bytes, purpose);
    if (opened === undefined) return undefined;
    const { bytes: inside, outdated } = Object(opened) as Record<keyof Opened, unknown>;
    assert.ok(inside instanceof Uint8Array, 'open() gives { bytes } or undefined');
    assert.ok(outdated === undefined || typeof outdated === 'boolean', 'outdated is a boolean, or not there');
    return opened as Opened;
  }

  /** That what was sealed opens, to what was in it. */
  assertOpens(sealed: Uint8Array, expected: Uint8Array, how: How = {}): Opened {
    const opened = this.open(sealed, how);
    assertBytes(opened?.bytes, expected);
    assert.ok(opened);
    return opened;
  }

  /** That bytes do not open. @param what they are, for the message */
  assertRefused(bytes: Uint8Array, what: string, how: How = {}): void {
    assert.ok(this.open(bytes, how) === undefined, `open() gives undefined for ${what}`);
  }

  /** Tries something with bytes in each of the forms in which they may be lent: copies. */
  inEachForm(bytes: Uint8Array, attempt: (lent: Uint8Array) => void): void {
    for (const form of FORMS) attempt(form(bytes));
  }
}

/** Makes a transformer and waits for it, as the app does at start. */
export async function ready(make: MakeTransformer): Promise<SessionTransformer> {
  const transformer = await make();
  await transformer.ready?.();
  return transformer;
}
