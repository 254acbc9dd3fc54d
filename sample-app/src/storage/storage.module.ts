import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { openStorage } from './open-storage.js';
import type { OpenedStorage } from './opened-storage.js';

/** Injects the storage of all sessions that the server keeps: they may share one, since a record knows whose it is. */
export const SHOP_STORAGE = Symbol('SHOP_STORAGE');

const OPENED_STORAGE = Symbol('OPENED_STORAGE');

/**
 * Opens the storage before anything uses it, and ends its connections after everything has. It is global for the second: Nest
 * shuts global modules down last, when the sessions have stored what was under way.
 */
@Global()
@Module({
  providers: [
    { provide: OPENED_STORAGE, useFactory: openStorage },
    { provide: SHOP_STORAGE, useFactory: ({ storage }: OpenedStorage) => storage, inject: [OPENED_STORAGE] },
  ],
  exports: [SHOP_STORAGE],
})
export class StorageModule implements OnApplicationShutdown {
  constructor(@Inject(OPENED_STORAGE) private readonly opened: OpenedStorage) {}

  async onApplicationShutdown(): Promise<void> {
    await this.opened.close?.();
  }
}
