/**
 * Does work `times` over, some of it at once.
 *
 * @param atOnce how many are under way at most; 1: one after the other
 * @param work told which one it is, from 0
 */
export async function inFlight(atOnce: number, times: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < times) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
