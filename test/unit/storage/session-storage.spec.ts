import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { PlainStorage } from './plain-storage.js';

describe('SessionStorage', () => {
  it('sweep() and close() of a storage that has none of its own do nothing', async () => {
    const storage = new PlainStorage(new ManualClock());
    expect(await storage.sweep()).toBe(0);
    expect(await storage.close()).toBeUndefined();
  });
});
