import { randomBytes } from 'node:crypto';
import { encrypt, JsonSerializer, type SessionTransformer } from 'nest-sessions';
import type { Sealer } from './sealer.js';

/** What an app never touches, and the package does not export. */
interface Internals {
  readonly TransformerChain: new (
    transformers: readonly SessionTransformer[],
    purpose: string,
  ) => { seal(bytes: Uint8Array): string; open(text: string): { readonly bytes: Uint8Array } | undefined };
  readonly encodeCarried: (session: Carried) => Uint8Array;
  readonly decodeCarried: (bytes: Uint8Array) => Carried | undefined;
}

interface Carried {
  readonly id: string;
  readonly createdAt: number;
  readonly idleDeadline: number;
  readonly absoluteDeadline: number;
  readonly payload: Uint8Array;
}

const HOUR = 3_600_000;

/** What a request does with a session by value, without HTTP: serializer, deadlines, `encrypt()`, base64url, and back. */
export async function ourSealer(): Promise<Sealer> {
  const { TransformerChain, encodeCarried, decodeCarried } = await internals();
  const chain = new TransformerChain([encrypt([randomBytes(32)])], 'value bench');
  const serializer = new JsonSerializer();
  const id = randomBytes(16).toString('base64url');
  return {
    name: 'nest-sessions',
    protection: 'encrypted, length padded',
    seal(data) {
      const now = Date.now();
      const payload = serializer.serialize(data);
      const deadlines = { createdAt: now, idleDeadline: now + HOUR, absoluteDeadline: now + 12 * HOUR };
      return chain.seal(encodeCarried({ id, ...deadlines, payload }));
    },
    open(text) {
      const opened = chain.open(text);
      const carried = opened && decodeCarried(opened.bytes);
      if (carried === undefined || carried.idleDeadline <= Date.now()) return undefined;
      return serializer.deserialize(carried.payload);
    },
  };
}

async function internals(): Promise<Internals> {
  const files = ['transformer/transformer-chain', 'record/carried-session'];
  const built = files.map((file) => import(new URL(`./${file}.js`, import.meta.resolve('nest-sessions')).href));
  return Object.assign({}, ...(await Promise.all(built))) as Internals;
}
