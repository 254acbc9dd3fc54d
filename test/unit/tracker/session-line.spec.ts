import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { SessionStorageError } from '../../../src/errors.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { SessionLine } from '../../../src/tracker/session-line.js';
import { TimeLimit } from '../../../src/tracker/time-limit.js';

const LIMIT = 5000;

function gate() {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open: () => open() };
}

describe('SessionLine', () => {
  let clock: ManualClock;
  let owner: object;
  let line: SessionLine;

  beforeEach(() => {
    clock = new ManualClock();
    owner = {};
    line = new SessionLine(owner, new TimeLimit(clock, LIMIT));
  });

  describe('inLine()', () => {
    it('does the work of one id in the order in which it came, that of others meanwhile', async () => {
      const log: string[] = [];
      const { promise, open } = gate();
      const work = [
        line.inLine('a', async (waited) => {
          await promise;
          log.push(`a1 ${waited}`);
        }),
        line.inLine('a', async (waited) => void log.push(`a2 ${waited}`)),
        line.inLine('b', async (waited) => void log.push(`b1 ${waited}`)),
      ];
      await turn();
      expect(log).toEqual(['b1 false']);
      open();
      await Promise.all(work);
      expect(log).toEqual(['b1 false', 'a1 false', 'a2 true']);
    });

    it('goes on after work that fails', async () => {
      const failing = line.inLine('a', () => Promise.reject(new Error('of the work')));
      const next = line.inLine('a', async () => 'done');
      await expect(failing).rejects.toThrow('of the work');
      expect(await next).toBe('done');
    });

    it('is one line for all who have one owner, such as a storage that two apps use', async () => {
      const other = new SessionLine(owner, new TimeLimit(clock, LIMIT));
      const { promise, open } = gate();
      const log: string[] = [];
      const work = [
        line.inLine('a', async () => {
          await promise;
          log.push('first');
        }),
        other.inLine('a', async () => void log.push('second')),
      ];
      await turn();
      expect(log).toEqual([]);
      open();
      await Promise.all(work);
      expect(log).toEqual(['first', 'second']);
    });

    it('lets 128 wait and refuses more with 503', async () => {
      const { promise, open } = gate();
      const inside = line.inLine('a', () => promise);
      let done = 0;
      const waiting = Array.from({ length: 128 }, () => line.inLine('a', async () => done++));
      await expect(line.inLine('a', async () => done++)).rejects.toThrow(
        new SessionStorageError('Cannot store session: more than 128 requests wait to do so', { id: 'a' }),
      );
      expect(await line.inLine('b', async () => 'other ids are free')).toBe('other ids are free');
      open();
      await Promise.all([inside, ...waiting]);
      expect(done).toBe(128);
      expect(await line.inLine('a', async () => 'free again')).toBe('free again');
    });

    it('D2: refuses who waits longer than the time limit, never does that work, and lets the next in', async () => {
      const { promise, open } = gate();
      const log: string[] = [];
      const inside = line.inLine('a', () => promise);
      const late = line.inLine('a', async () => void log.push('late'));
      clock.advance(LIMIT - 1);
      const next = line.inLine('a', async () => void log.push('next'));
      clock.advance(1);
      await expect(late).rejects.toThrow(SessionStorageError);
      open();
      await Promise.all([inside, next]);
      expect(log).toEqual(['next']);
      expect(await line.inLine('a', async (waited) => waited)).toBe(false);
    });

    it('is another line for another owner: ids of two storages have nothing to do with each other', async () => {
      const other = new SessionLine({}, new TimeLimit(clock, LIMIT));
      const { promise, open } = gate();
      const inside = line.inLine('a', () => promise);
      expect(await other.inLine('a', async (waited) => waited)).toBe(false);
      open();
      await inside;
    });
  });
});
