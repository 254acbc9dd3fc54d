import { encrypt, type SessionOptions, type SessionTransformer } from 'nest-sessions';

/** Seals sessions by value; a test can make what it seals too large for a cookie, or make it fail. */
export class Sealing {
  readonly options: SessionOptions;
  #trouble: 'none' | 'large' | 'broken' = 'none';

  constructor(key: string) {
    const troubled: SessionTransformer = {
      authenticates: false,
      seal: (bytes) => {
        if (this.#trouble === 'broken') throw new Error('the seal broke');
        return this.#trouble === 'large' ? Buffer.concat([bytes, Buffer.alloc(4096)]) : bytes;
      },
      open: (bytes) => ({ bytes }),
    };
    this.options = { clientSide: true, transformers: [troubled, encrypt([key])] };
  }

  /** Begins a test: it seals. */
  begin(): void {
    this.#trouble = 'none';
  }

  /** From now on what it seals is too large, or nothing. */
  be(trouble: 'large' | 'broken'): void {
    this.#trouble = trouble;
  }
}
