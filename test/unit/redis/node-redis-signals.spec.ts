import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { CallAbortion } from '../../../src/common/call-abortion.js';
import { NodeRedisSignals } from '../../../src/redis/node-redis-signals.js';

describe('NodeRedisSignals', () => {
  it('lends one signal after the other, as long as none has aborted', async () => {
    const signals = new NodeRedisSignals();
    const lent = new Set<AbortSignal>();
    for (let time = 0; time < 5; time++) await signals.lend(new CallAbortion(), async (signal) => lent.add(signal));
    expect(lent.size).toBe(1);
  });

  it('lends two at a time to two', async () => {
    const signals = new NodeRedisSignals();
    await signals.lend(new CallAbortion(), (one) =>
      signals.lend(new CallAbortion(), async (other) => expect(other).not.toBe(one)),
    );
  });

  it('aborts the one whose notice aborts, and never lends that again', async () => {
    const signals = new NodeRedisSignals();
    const call = new CallAbortion();
    const aborted = await signals.lend(call, async (signal) => {
      call.abort();
      expect(signal.aborted).toBe(true);
      return signal;
    });
    await signals.lend(new CallAbortion(), async (signal) => {
      expect(signal).not.toBe(aborted);
      expect(signal.aborted).toBe(false);
    });
  });

  it('lends an aborted one to who comes too late', async () => {
    const call = new CallAbortion();
    call.abort();
    await new NodeRedisSignals().lend(call, async (signal) => expect(signal.aborted).toBe(true));
  });

  it('does not abort for a call that is over, whether it failed or not', async () => {
    const signals = new NodeRedisSignals();
    const [failed, done] = [new CallAbortion(), new CallAbortion()];
    await expect(signals.lend(failed, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    const signal = await signals.lend(done, async (lent) => lent);
    failed.abort();
    done.abort();
    expect(signal.aborted).toBe(false);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
