import { installGate } from './gate-functions.js';
import type { GateHooks, RawResponse } from './gate-hooks.js';
import { GateKeeper } from './gate-keeper.js';
import { keeperOf, setKeeper } from './gate-registry.js';

export type { FailureAnswer, GateHooks, RawResponse } from './gate-hooks.js';

/**
 * Holds the first byte of a response back while there is something to store, and the end of it once more. Knows nothing
 * of what is stored. While there is nothing to store every call goes straight to Node, synchronously. Else the calls wait
 * in their order, the response reads as what the app takes it for (`headersSent`, `writableEnded`), and its status stays
 * what it was at the first call. A response that has ended is left alone; of one whose head has left, the end alone waits.
 *
 * @param response put behind the gate outside of whatever has replaced its functions by now
 * @param hooks what to store, and what to say
 * @throws {Error} for a response that has a gate: the hooks of one of two would be lost
 */
export function gate(response: RawResponse, hooks: GateHooks): void {
  if (keeperOf(response)) throw new Error('Cannot gate a response: it has a gate already');
  if (response.writableEnded) return;
  const state = response.destroyed ? 'gone' : response.headersSent ? 'sent' : 'open';
  setKeeper(response, new GateKeeper(response, hooks, installGate(response), state));
  response.on('close', close);
}

/** Whether a response has a gate. */
export function isGated(response: RawResponse): boolean {
  return keeperOf(response) !== undefined;
}

function close(this: RawResponse): void {
  keeperOf(this)?.closed();
}
