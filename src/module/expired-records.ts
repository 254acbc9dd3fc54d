import type { ByteStream } from '../common/byte-stream.js';
import { readHeader } from '../record/read-header.js';
import { isStorageId } from '../storage/assert-storage-id.js';
import type { SessionObserver } from '../tracker/session-event.js';

/**
 * Tells of the sessions whose records a sweep has removed: several may share a storage, so each record says whose it is.
 *
 * @param names of the sessions of this app; what else lies there is nothing to it
 */
export function expiredRecords(
  names: readonly string[],
  observe: SessionObserver,
): (id: string, stream: ByteStream) => Promise<void> {
  return async (id, stream) => {
    try {
      const { name, secretHash, idleDeadline } = await readHeader(stream);
      // Without a secret it is no session, but says of one by value that it had ended; without a deadline it was destroyed
      const isSession = secretHash !== '' && idleDeadline > 0 && names.includes(name) && isStorageId(id);
      if (isSession) observe({ type: 'expired', session: name, id });
    } catch {
      // What cannot be read was no session
    }
  };
}
