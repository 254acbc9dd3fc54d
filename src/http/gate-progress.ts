import type { RawResponse } from './gate-hooks.js';
import { keeperOf, type Progress } from './gate-registry.js';

/**
 * Makes the accessors that let a response read as far as its app has brought it, whatever has reached Node. `finished` is
 * not among them: by that field `server.close()` takes a held response for one that is done, and cuts its connection.
 *
 * @param prototype where Node's own answer is found
 */
export function progressAccessors(prototype: object): PropertyDescriptorMap {
  const accessor = (name: Progress): PropertyDescriptor => ({
    configurable: true,
    get(this: RawResponse) {
      const native = Reflect.get(prototype, name, this) as boolean;
      return keeperOf(this)?.progress(name, native) ?? native;
    },
  });
  return { headersSent: accessor('headersSent'), writableEnded: accessor('writableEnded') };
}

/** Puts the accessors on a response. */
export function showProgress(response: RawResponse, accessors: PropertyDescriptorMap): void {
  Object.defineProperties(response, accessors);
}
