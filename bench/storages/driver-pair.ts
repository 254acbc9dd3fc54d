import type { Contestant } from './contestant.js';

/** What is done to one record of 1 KB. */
export type DriverOperation = 'read' | 'create' | 'replace';

/** The least that does one operation without the storage. */
export interface RawOperation {
  /** The command or statement. */
  readonly name: string;
  readonly operation: DriverOperation;
  /** Whether it is as safe as the storage: it changes nothing that somebody else has changed meanwhile. */
  readonly isSafe: boolean;
  /** Does it to one record. One that replaces what is not there makes it. */
  run(id: string): Promise<void>;
}

/** A storage and what it stands on, by the very same client or pool. */
export interface DriverPair {
  /** The driver's name and major version. */
  readonly driver: string;
  readonly storage: Contestant;
  readonly raw: readonly RawOperation[];
  /** Closes the client or pool. */
  close(): Promise<void>;
}
