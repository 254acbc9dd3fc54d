import { describe, expect, it } from 'vitest';
import type { SweepOptions } from '../../../src/storage/session-storage.js';
import { ForwardingStorage } from '../../../src/testing/forwarding-storage.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { storageConformance } from '../../../src/testing/storage-conformance.js';
import { GoodStorage } from './good-storage.js';

class UnconditionalStorage extends GoodStorage {
  override readonly conditionalWrites = false;
}

describe('ForwardingStorage', () => {
  it.each(storageConformance({ create: (clock) => new ForwardingStorage(new GoodStorage(clock)) }))(
    'passes on as it is: $name',
    async ({ run }) => {
      await expect(run()).resolves.toBeUndefined();
    },
  );

  it('has conditional writes where its delegate has', () => {
    const clock = new ManualClock();
    expect(new ForwardingStorage(new GoodStorage(clock)).conditionalWrites).toBe(true);
    expect(new ForwardingStorage(new UnconditionalStorage(clock)).conditionalWrites).toBe(false);
  });

  it('passes sweep() and close() on', async () => {
    const calls: unknown[] = [];
    class Noted extends GoodStorage {
      override async sweep(options?: SweepOptions) {
        calls.push('sweep', options);
        return 7;
      }

      override async close() {
        calls.push('close');
      }
    }
    const storage = new ForwardingStorage(new Noted(new ManualClock()));
    const options = { onExpired: async () => {} };
    expect(await storage.sweep(options)).toBe(7);
    await storage.close();
    expect(calls).toEqual(['sweep', options, 'close']);
  });
});
