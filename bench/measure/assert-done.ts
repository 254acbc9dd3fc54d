/** @throws {Error} when a candidate did not do its work: then its time means nothing */
export function assertDone(done: boolean, what: string): void {
  if (!done) throw new Error(`Cannot measure ${what}: it was not done`);
}
