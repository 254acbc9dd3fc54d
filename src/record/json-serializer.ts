import { SessionDecodeError, SessionNotSerializableError } from '../errors.js';
import { assertJson } from './assert-json.js';
import type { SessionSerializer } from './session-serializer.js';

/**
 * JSON in UTF-8, the default. A `Date` comes back as its ISO text, as does whatever has a `toJSON()`; a key whose value is
 * `undefined` comes back as no key. Everything else that JSON would lose is refused when it is stored.
 *
 * @see RFC 8259
 */
export class JsonSerializer implements SessionSerializer {
  serialize(data: object): Uint8Array {
    assertJson(data);
    let text: string | undefined;
    try {
      text = JSON.stringify(data);
    } catch {
      // The engine's message may quote data
    }
    if (text === undefined)
      throw new SessionNotSerializableError('Cannot serialize session data: JSON has no form for it');
    return Buffer.from(text);
  }

  deserialize(bytes: Uint8Array): object {
    let data: unknown;
    try {
      data = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
    } catch {
      // The engine's message quotes data
    }
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      throw new SessionDecodeError('Cannot read session data: it is not a JSON object');
    }
    return data;
  }
}
