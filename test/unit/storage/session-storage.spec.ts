import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { storageConformance } from '../../../src/testing/storage-conformance.js';
import { PlainStorage } from './plain-storage.js';

const cases = storageConformance({ create: (clock) => new PlainStorage(clock), conditionalWrites: false });

describe('SessionStorage', () => {
  it('sweep() and close() of a storage that has none of its own do nothing', async () => {
    const storage = new PlainStorage(new ManualClock());
    expect(await storage.sweep()).toBe(0);
    expect(await storage.close()).toBeUndefined();
  });

  it.each(cases)('of the smallest kind keeps the contract: $name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });
});
