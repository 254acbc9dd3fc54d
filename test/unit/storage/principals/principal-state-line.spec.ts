import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionDecodeError } from '../../../../src/errors.js';
import type { PrincipalState } from '../../../../src/storage/principals/principal-state.js';
import { decodePrincipalState, encodePrincipalState } from '../../../../src/storage/principals/principal-state-line.js';

const instant = fc.double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true }).map((value) => value + 0);
const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,255}$/);
const anyState: fc.Arbitrary<PrincipalState> = fc.record({
  epoch: fc.option(
    fc.record({
      at: instant,
      except: fc.option(fc.record({ id, at: fc.option(instant, { nil: undefined }) }), { nil: undefined }),
    }),
    { nil: undefined },
  ),
  entries: fc.array(fc.record({ id, addedAt: instant, expiresAt: instant })),
});

const state: PrincipalState = {
  epoch: { at: 5, except: { id: 'a', at: 3 } },
  entries: [
    { id: 'b', addedAt: 1, expiresAt: 7 },
    { id: 'a', addedAt: 2, expiresAt: 8 },
  ],
};

describe('encodePrincipalState()', () => {
  it('comes back equal through decodePrincipalState(), for any state', () => {
    fc.assert(
      fc.property(anyState, (any) => {
        expect(decodePrincipalState(encodePrincipalState(any))).toEqual(any);
      }),
    );
  });

  it('keeps to its format, which other processes read', () => {
    expect(encodePrincipalState(state)).toBe('{"v":1,"epoch":5,"except":["a",3],"entries":[["b",1,7],["a",2,8]]}');
    expect(encodePrincipalState({ epoch: { at: 5, except: { id: 'a' } }, entries: [] })).toBe(
      '{"v":1,"epoch":5,"except":["a"],"entries":[]}',
    );
    expect(encodePrincipalState({ entries: [] })).toBe('{"v":1,"entries":[]}');
  });
});

describe('decodePrincipalState()', () => {
  const fields = JSON.parse(encodePrincipalState(state)) as Record<string, unknown>;

  it.each([
    ['v', undefined],
    ['v', 2],
    ['v', '1'],
    ['epoch', null],
    ['epoch', '5'],
    ['except', null],
    ['except', 'a'],
    ['except', []],
    ['except', [5]],
    ['except', ['a', null]],
    ['except', ['a', '3']],
    ['entries', undefined],
    ['entries', null],
    ['entries', {}],
    ['entries', ['a']],
    ['entries', [[]]],
    ['entries', [['a', 1]]],
    ['entries', [['a', '1', 7]]],
    ['entries', [['a', 1, null]]],
    ['entries', [[5, 1, 7]]],
    ['entries', [['a', 1, 7], null]],
  ])('refuses a state whose %s is %j', (key, value) => {
    expect(() => decodePrincipalState(JSON.stringify({ ...fields, [key]: value }))).toThrow(SessionDecodeError);
  });

  it.each(['', ' ', '{', 'null', '5', '"text"', '[]', '{}', '\0\0\0'])('refuses %j, without quoting it', (line) => {
    expect(() => decodePrincipalState(line)).toThrow(
      new SessionDecodeError('Cannot read principal: what is stored is not a state of this version'),
    );
  });

  it('refuses a state that is cut, wherever', () => {
    const line = encodePrincipalState(state);
    for (let length = 0; length < line.length; length++) {
      expect(() => decodePrincipalState(line.slice(0, length))).toThrow(SessionDecodeError);
    }
  });
});
