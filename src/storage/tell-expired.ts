import type { ByteStream } from '../common/byte-stream.js';
import type { SweepOptions } from './session-storage.js';

/** Tells of a record that a sweep has removed. Never rejects: it is gone, whatever becomes of the news. */
export async function tellExpired({ onExpired }: SweepOptions, id: string, stream: ByteStream): Promise<void> {
  try {
    await onExpired?.(id, stream);
  } catch {
    // Not the storage's affair
  }
}
