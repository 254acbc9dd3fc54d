import { describe, expect, it } from 'vitest';
import { SessionStorageError } from '../../../src/errors.js';
import { JsonSerializer } from '../../../src/record/json-serializer.js';
import { DataShape } from '../../../src/session/data-shape.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { IdTracking } from '../../../src/tracker/id-tracking.js';
import type { SessionEvent } from '../../../src/tracker/session-event.js';
import type { SessionTransformer } from '../../../src/transformer/session-transformer.js';
import { TransformerChain } from '../../../src/transformer/transformer-chain.js';
import { PlainStorage } from '../storage/plain-storage.js';

/** Seals so that everybody can see it. */
const reversing: SessionTransformer = {
  authenticates: false,
  seal: (bytes) => bytes.toReversed(),
  open: (bytes) => ({ bytes: bytes.toReversed() }),
};

function bench(chain?: TransformerChain) {
  const events: SessionEvent[] = [];
  const clock = new ManualClock();
  const tracking = new IdTracking({
    name: 'sid',
    shape: new DataShape(new JsonSerializer(), undefined),
    storage: new PlainStorage(clock),
    chain,
    timeouts: { idle: 1, absolute: 1, touchAfter: 1 },
    storageTimeout: 1,
    onConflict: 'merge',
    onOutage: 'fail',
    refreshes: false,
    generateId: undefined,
    limit: undefined,
    clock,
    observe: (event) => events.push(event),
  });
  return { tracking, events };
}

describe('IdTracking', () => {
  it('seal() hands a token out as it is, or through the transformers in base64url', () => {
    const token = { id: 'i', secret: 's' };
    expect(bench().tracking.seal(token)).toBe('i.s');
    const sealed = bench(new TransformerChain([reversing], 'token sid')).tracking.seal(token);
    expect(sealed).toBe(Buffer.from('s.i').toString('base64url'));
  });

  it('observe() adds the name of the session', () => {
    const { tracking, events } = bench();
    tracking.observe({ type: 'loaded', id: 'i' });
    expect(events).toEqual([{ session: 'sid', type: 'loaded', id: 'i' }]);
  });

  it('noticeFailure() tells of a storage its message and the kind and code of the cause, whose message may quote data', () => {
    const { tracking, events } = bench();
    const cause = Object.assign(new RangeError('SET sid THE-DATA'), { code: 'ECONNREFUSED' });
    tracking.noticeFailure(new SessionStorageError('Cannot use it', { cause }), 'i');
    tracking.noticeFailure(new SessionStorageError('Cannot reach it'), 'i');
    tracking.noticeFailure(new SessionStorageError('Cannot say why', { cause: 'THE-DATA' }), 'i');
    expect(events.map(({ reason }) => reason)).toEqual([
      'Cannot use it, RangeError, ECONNREFUSED',
      'Cannot reach it',
      'Cannot say why',
    ]);
  });

  it("noticeFailure() tells nothing of errors that are not a storage's", () => {
    const { tracking, events } = bench();
    tracking.noticeFailure(new Error('other'), 'i');
    expect(events).toEqual([]);
  });
});
