/**
 * Turns the data of a session into bytes and back. What it gives back must equal what it was given, key by key, and the same
 * data must give the same bytes: that is how changes are noticed.
 */
export interface SessionSerializer {
  /**
   * @returns bytes that belong to the caller
   * @throws {SessionNotSerializableError} for a value that `deserialize()` would not give back, naming its path
   * @throws {SessionTooLargeError} when the data takes more than the serializer allows
   */
  serialize(data: object): Uint8Array;
  /**
   * @param bytes lent: valid during the call
   * @returns an object that belongs to the caller
   * @throws for bytes that `serialize()` did not make; the session then counts as not found
   */
  deserialize(bytes: Uint8Array): object;
}
