import { randomBytes } from 'node:crypto';

/** A way to keep sessions in files, as this bench drives it. */
export interface Contestant {
  readonly name: string;
  /** Stores a record under an id that is new. */
  create(id: string): Promise<void>;
  /** Stores another record in the place of that one. */
  replace(id: string): Promise<void>;
  /** Reads the whole record. */
  read(id: string): Promise<void>;
}

/** The size of a session as most are: 1 KB. */
export const RECORD_BYTES = 1024;

/** An id as sessions have it: 16 random bytes. */
export function newId(): string {
  return randomBytes(16).toString('base64url');
}
