import type { Delivery } from '../../../src/transport/session-transport.js';

/** Where a response goes to: over HTTP, to a client that brought nothing, unless said otherwise. */
export function delivery(of: Partial<Delivery> = {}): Delivery {
  return { secure: false, request: {}, presented: undefined, ...of };
}
