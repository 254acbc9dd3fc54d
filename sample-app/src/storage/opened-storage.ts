import type { SessionStorage } from 'nest-sessions';

/** A storage that is ready to be used. */
export interface OpenedStorage {
  readonly storage: SessionStorage;
  /** Ends its connections; missing where there are none. */
  readonly close?: () => Promise<void>;
}
