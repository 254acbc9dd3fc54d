import { SimplifiedSessionStorage, type Clock } from 'nest-sessions';

/** What somebody writes who has a `Map`: it keeps the very arrays that it is given, and forgets what has expired. */
export class MapStorage extends SimplifiedSessionStorage {
  readonly #records = new Map<string, { readonly bytes: Uint8Array; readonly expiresAt: number }>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  protected override async load(id: string): Promise<Uint8Array | undefined> {
    const record = this.#records.get(id);
    return record !== undefined && record.expiresAt > this.#clock.now() ? record.bytes : undefined;
  }

  protected override async store(id: string, bytes: Uint8Array | undefined, { expiresAt }: { expiresAt: number }) {
    if (bytes === undefined) this.#records.delete(id);
    else this.#records.set(id, { bytes, expiresAt });
  }
}
