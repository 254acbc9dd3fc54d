/** A session by value as it travels, before it is sealed: what a record is for a session by id. */
export interface CarriedSession {
  /** 16 random bytes, base64url. */
  readonly id: string;
  /** Milliseconds since the epoch, as all instants here. */
  readonly createdAt: number;
  readonly idleDeadline: number;
  readonly absoluteDeadline: number;
  /** The serializer's bytes. */
  readonly payload: Uint8Array;
}

/*
 * In bytes: 1 format, 16 id, 8 each for the creation and both deadlines, payload. A quarter of a header line of JSON, of the
 * 4,096 bytes that there are. The session's name is in the purpose for which it is sealed.
 */
const FORMAT = 1;
const ID = 1;
const CREATED = 17;
const IDLE = 25;
const ABSOLUTE = 33;
const PAYLOAD = 41;

/** Lays out a session that travels. */
export function encodeCarried(session: CarriedSession): Uint8Array {
  const { id, createdAt, idleDeadline, absoluteDeadline, payload } = session;
  const bytes = Buffer.alloc(PAYLOAD + payload.length);
  bytes[0] = FORMAT;
  bytes.write(id, ID, 'base64url');
  bytes.writeDoubleBE(createdAt, CREATED);
  bytes.writeDoubleBE(idleDeadline, IDLE);
  bytes.writeDoubleBE(absoluteDeadline, ABSOLUTE);
  bytes.set(payload, PAYLOAD);
  return bytes;
}

/**
 * Reads a session that has travelled.
 *
 * @param bytes lent, authenticated; the payload returned is a view of them
 * @returns `undefined` when they are not of this format: another version's, or sealed by something else
 */
export function decodeCarried(bytes: Uint8Array): CarriedSession | undefined {
  if (bytes.length < PAYLOAD || bytes[0] !== FORMAT) return undefined;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const createdAt = view.readDoubleBE(CREATED);
  const idleDeadline = view.readDoubleBE(IDLE);
  const absoluteDeadline = view.readDoubleBE(ABSOLUTE);
  // A deadline that is no number would never come
  if ([createdAt, idleDeadline, absoluteDeadline].some(Number.isNaN)) return undefined;
  const id = view.toString('base64url', ID, CREATED);
  return { id, createdAt, idleDeadline, absoluteDeadline, payload: bytes.subarray(PAYLOAD) };
}
