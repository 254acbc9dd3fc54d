import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EPOCH_MEMORY } from '../../../../src/storage/principals/principal-index.js';
import { endOf, living, NO_STATE, type PrincipalState } from '../../../../src/storage/principals/principal-state.js';
import { add, entriesOf, holds, raiseEpoch, remove } from '../../../../src/storage/principals/principal-steps.js';

const NOW = 10 * EPOCH_MEMORY;
const DAY_END = NOW + EPOCH_MEMORY;

/** When an epoch was raised, and that before it, which may be the last that counts for a record. */
const anyEpoch = fc
  .record({
    at: fc.constantFrom(NOW - EPOCH_MEMORY - 1, NOW - EPOCH_MEMORY, NOW - 5, NOW, NOW + 5),
    id: fc.constantFrom(undefined, 'a', 'b'),
    earlier: fc.constantFrom(undefined, 0, 4),
  })
  .map(({ at, id, earlier }) => ({ at, except: id && { id, at: earlier === undefined ? undefined : at - earlier } }));

/** A state that may be there at `NOW`, with things in it that are over. */
const anyState: fc.Arbitrary<PrincipalState> = fc.record({
  epoch: fc.option(anyEpoch, { nil: undefined }),
  entries: fc.uniqueArray(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      addedAt: fc.constantFrom(1, NOW - 5, NOW),
      expiresAt: fc.constantFrom(NOW - 1, NOW, NOW + 1, DAY_END),
    }),
    { selector: ({ id }) => id },
  ),
});

const request = { expiresAt: DAY_END, begunAt: NOW };

describe('add()', () => {
  it.each<[string, number, boolean]>([
    ['after the epoch', NOW - 4, true],
    ['in the instant of the epoch', NOW - 5, false],
    ['before the epoch', NOW - 6, false],
    ['nobody knows when', NaN, false],
  ])('of a request that began %s', (_, begunAt, isAdded) => {
    const state = { epoch: { at: NOW - 5 }, entries: [] };
    expect(add(state, 'a', { ...request, begunAt }, NOW).result.added).toBe(isAdded);
  });

  it('of a request that is as old as epochs are remembered is not refused, but of one that is older', () => {
    expect(add(NO_STATE, 'a', { ...request, begunAt: NOW - EPOCH_MEMORY }, NOW).result.added).toBe(true);
    expect(add(NO_STATE, 'a', { ...request, begunAt: NOW - EPOCH_MEMORY - 1 }, NOW)).toEqual({
      result: { added: false, reason: 'epoch' },
    });
  });

  it('keeps an entry that never expires as a number that JSON knows', () => {
    const { state = NO_STATE } = add(NO_STATE, 'a', { ...request, expiresAt: Infinity }, NOW);
    expect(state.entries).toEqual([{ id: 'a', addedAt: NOW, expiresAt: Number.MAX_SAFE_INTEGER }]);
  });

  it('of what has expired already leaves nothing of it', () => {
    const { state: before = NO_STATE } = add(NO_STATE, 'a', request, NOW);
    for (const expiresAt of [NOW, NOW - 1, NaN]) {
      const { result, state } = add(before, 'a', { ...request, expiresAt }, NOW);
      expect(result).toEqual({ added: true, at: NOW });
      expect(state).toEqual(NO_STATE);
    }
  });
});

describe('raiseEpoch()', () => {
  it('does not go back when the clock does', () => {
    const { state = NO_STATE } = raiseEpoch({ epoch: { at: NOW + 5 }, entries: [] }, undefined, NOW);
    expect(state.epoch?.at).toBe(NOW + 5);
  });
});

describe('a step', () => {
  const anyId = fc.constantFrom('a', 'b', 'e');
  /** Every step that changes something, by what it makes of a state. */
  const anyStep = fc.oneof(
    fc.tuple(anyId, fc.constantFrom(undefined, 1, 2, 4), fc.constantFrom(NOW - 9, NOW - 5, NOW)).map(
      ([id, limit, begunAt]) =>
        (state: PrincipalState) =>
          add(state, id, { ...request, limit, begunAt }, NOW),
    ),
    anyId.map((id) => (state: PrincipalState) => remove(state, id, NOW)),
    fc.option(anyId, { nil: undefined }).map((except) => (state: PrincipalState) => raiseEpoch(state, except, NOW)),
  );

  it('does the same whether or not what is over is left out before it', () => {
    fc.assert(
      fc.property(anyState, anyStep, (state, step) => {
        const [one, other] = [step(state), step(living(state, NOW))];
        expect(one.result).toEqual(other.result);
        const after = (outcome: typeof one) => living(outcome.state ?? state, NOW);
        expect(after(one)).toEqual(after(other));
      }),
    );
  });

  it('leaves nothing that is over, and the state before as it was', () => {
    fc.assert(
      fc.property(anyState, anyStep, (state, step) => {
        const before = structuredClone(state);
        const { state: after } = step(state);
        expect(state).toEqual(before);
        if (after !== undefined) expect(living(after, NOW)).toBe(after);
      }),
    );
  });

  it('that refuses has no state to be kept', () => {
    const { state: full = NO_STATE } = add(NO_STATE, 'a', request, NOW);
    expect(add(full, 'b', { ...request, limit: 1 }, NOW)).not.toHaveProperty('state');
    expect(add(full, 'a', { ...request, begunAt: NaN }, NOW)).not.toHaveProperty('state');
    expect(remove(full, 'b', NOW)).toEqual({ result: undefined });
  });

  it('that removes the last entry leaves nothing to be kept', () => {
    const { state = NO_STATE } = add(NO_STATE, 'a', request, NOW);
    const { state: after = state } = remove(state, 'a', NOW);
    expect(endOf(after)).toBe(0);
  });
});

describe('holds() and entriesOf()', () => {
  it('agree on what is there', () => {
    fc.assert(
      fc.property(anyState, fc.constantFrom('a', 'b', 'c', 'd', 'e'), (state, id) => {
        const isListed = entriesOf(state, NOW).some((entry) => entry.id === id);
        expect(holds(state, id, Infinity, NOW)).toBe(isListed);
      }),
    );
  });

  it.each([
    [NOW - 4, true],
    [NOW - 5, false],
    [NOW - 6, false],
    [NaN, false],
  ])('an entry is held since %d: %j', (since, isHeld) => {
    const state = { epoch: { at: NOW - 5 }, entries: [{ id: 'a', addedAt: NOW, expiresAt: DAY_END }] };
    expect(holds(state, 'a', since, NOW)).toBe(isHeld);
  });
});
