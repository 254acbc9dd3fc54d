import { Readable } from 'node:stream';
import type { ByteStream, ReadOptions, SessionStorage, StoredEntry, WriteOptions, WriteResult } from 'nest-sessions';

async function* generate(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1);
}

/** What all fits as a source. */
export const sources: ByteStream[] = [
  generate(),
  Readable.from([Buffer.alloc(1)]),
  new ReadableStream<Uint8Array>(),
  Object.assign(generate(), { bytes: new Uint8Array(1) }),
];

// @ts-expect-error chunks are bytes
export const texts: ByteStream = (async function* () {
  yield 'text';
})();

// @ts-expect-error not a stream
export const bytes: ByteStream = new Uint8Array(1);

export async function uses(storage: SessionStorage, options: ReadOptions): Promise<WriteResult> {
  const length: number | undefined = await storage.read(
    'id',
    async (entry: StoredEntry) => entry.stream.bytes?.length,
    options,
  );
  const [source = generate()] = sources;
  await storage.write('id', source, { expiresAt: 5, expect: 'absent' });
  const result = await storage.write('id', source, { expiresAt: 5, expect: { version: 'v' } });
  if (result.written) void (result.version satisfies string | undefined);
  else void (result.reason satisfies 'exists' | 'conflict' | 'missing');
  // @ts-expect-error known only when it was not written
  void result.reason;
  // @ts-expect-error needed
  await storage.write('id', source, {});
  // @ts-expect-error not a condition
  const wrong: WriteOptions = { expiresAt: 5, expect: 'present' };
  const swept: number = await storage.sweep();
  await storage.sweep({ onExpired: async (id, stream) => void [id satisfies string, stream satisfies ByteStream] });
  // @ts-expect-error it is waited for
  await storage.sweep({ onExpired: () => 5 });
  return [length, wrong, swept].length > 0 ? result : { written: false, reason: 'missing' };
}
