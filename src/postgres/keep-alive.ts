/** Something of `pg` that tells of connections that break. */
export interface ErrorSource {
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  listenerCount(event: 'error'): number;
}

/**
 * Lets the process survive a connection that breaks while nobody uses it, as when the server is restarted: without a listener
 * Node ends the process. Whoever listens hears of it as before; a pool replaces the connection by itself.
 */
export function keepAlive(source: ErrorSource): void {
  if (source.listenerCount('error') === 0) source.on('error', () => {});
}
