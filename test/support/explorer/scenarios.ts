import {
  advance,
  bringing,
  count,
  destroy,
  fail,
  failingUpdate,
  find,
  invalidate,
  look,
  MINUTE,
  naming,
  on,
  regenerate,
  reload,
  remove,
  replace,
  save,
  set,
  sweep,
  take,
  tried,
  type Actions,
  type Verb,
} from './program.js';
import type { Variant } from './variants.js';

/** What is to be run in every order of its steps, and which rows of the list of behaviours it covers. */
export interface Scenario {
  readonly title: string;
  /** What one client does before, one thing after the other. */
  readonly setUp: Actions;
  /** What happens then, all at once; each client begins with what that of the set-up was handed last. */
  readonly programs: readonly Actions[];
  readonly variant: Variant;
  /**
   * How many orders it has: `few` even if each call is two steps; else each call is one step, and where they are `many` all the
   * same it is run over the fastest storage only.
   */
  readonly orders: 'few' | 'some' | 'many';
}

const begun: Actions = [on(1, set({ a: 1, c: 0 }))];
/** A session that every instance has in its cache. */
const warm: Actions = [...begun, on(2, look), on(2, look)];
/** A session so long ago that the next use moves its idle deadline. */
const due: Actions = [...begun, advance(5 * MINUTE)];
const loggedIn: Actions = [...begun, on(1, regenerate())];
const login = [set({ userId: 'eva' }), regenerate()] as const;

function scenario(
  title: string,
  programs: readonly Actions[],
  setUp = begun,
  variant: Variant = 'usual',
  orders: Scenario['orders'] = 'few',
): Scenario {
  return { title, programs, setUp, variant, orders };
}

/** One of some orders. */
function long(title: string, programs: readonly Actions[], setUp = begun, variant: Variant = 'usual'): Scenario {
  return scenario(title, programs, setUp, variant, 'some');
}

/** One of many. */
function large(title: string, programs: readonly Actions[]): Scenario {
  return scenario(title, programs, begun, 'usual', 'many');
}

/** One for each of several requests against the same. */
function each(
  row: string,
  requests: readonly (readonly Verb[])[],
  against: string,
  other: Actions,
): readonly Scenario[] {
  return requests.map((verbs) => {
    const title = `${row}: ${verbs.map(({ text }) => text).join(', ')} against ${against}`;
    const isShort = !verbs.includes(count) && !verbs.includes(takeA);
    return (isShort ? scenario : long)(title, [[on(1, ...verbs)], other]);
  });
}

const takeA = take('a');
const writers = [[set({ a: 2 })], [replace({ a: 2 })], [set({ a: 2 }), save], [count], [takeA], [reload]];

export const scenarios: readonly Scenario[] = [
  scenario('B1: two set different keys', [[on(1, set({ a: 2 }))], [on(2, set({ b: 2 }))]]),
  long('B1: one saves, both go on', [[on(1, set({ a: 2 }), save, set({ d: 2 }))], [on(2, set({ b: 2 }))]]),
  scenario('B2: two set one key, and one of their own', [[on(1, set({ a: 2, b: 2 }))], [on(2, set({ a: 3, d: 3 }))]]),
  scenario('B2: one replaces all', [[on(1, replace({ b: 2 }))], [on(2, set({ a: 3 }))]]),
  scenario('B3: one removes what the other leaves alone', [[on(1, remove('a'))], [on(2, set({ b: 2 }))]]),
  long('B3: one takes, one removes', [[on(1, take('a'))], [on(2, remove('c'))]]),
  long('B4: two updates count', [[on(1, count)], [on(2, count)]]),
  large('B4: three updates count', [[on(1, count)], [on(2, count)], [on(2, count)]]),
  long('B4: one updates, one sets what it counts', [[on(1, count)], [on(2, set({ n: 5 }))]]),
  long('B5: two take', [[on(1, take('a'))], [on(2, take('a'))]]),
  large('B5: three take', [[on(1, take('a'))], [on(2, take('a'))], [on(1, take('a'))]]),
  large('B6: three set a key each', [[on(1, set({ x: 1 }))], [on(2, set({ y: 1 }))], [on(2, set({ z: 1 }))]]),
  scenario('B6: two first requests', [[on(1, set({ a: 1 }))], [on(2, set({ b: 1 }))]], []),
  scenario('B7: a reader that touches, a writer', [[on(1)], [on(2, set({ a: 2 }))]], due),
  scenario('B7: two readers that touch', [[on(1, look)], [on(2, look)]], due),
  scenario('B9: an update that throws, a writer', [[on(1, failingUpdate)], [on(2, set({ n: 2 }))]]),

  ...each('C1', writers, 'a logout', [on(2, destroy)]),
  ...each('C1', [[set({ a: 2 })], [count]], 'invalidate()', [invalidate(2)]),
  scenario('C1: a regenerate, a logout', [[on(1, set({ b: 2 }), regenerate())], [on(2, destroy)]]),
  scenario('C1: two logouts', [[on(1, destroy)], [on(2, destroy)]]),
  long('C1: a logout and a new session, a writer', [[on(1, destroy, set({ b: 2 }))], [on(2, set({ a: 2 }))]]),
  large('C1: a writer, another, a logout', [[on(1, set({ a: 2 }))], [on(2, set({ b: 2 }))], [on(2, destroy)]]),
  scenario('C2: a touch, a logout', [[on(1)], [on(2, destroy)]], due),
  scenario('C2: a touch, invalidate()', [[on(1, look)], [invalidate(2)]], due),
  scenario('C3: a reader and one that comes later, a logout', [[on(2, look), on(2, look)], [on(1, destroy)]]),
  long('C3: a reader, another at the same place, a logout', [[on(2, look)], [on(2, look)], [on(1, destroy)]]),
  scenario('C3: a reader, invalidate() at the same place', [[on(2, look)], [invalidate(2)]]),
  scenario('C3: find(), a logout at the same place', [[find(2)], [on(2, destroy)]], warm),
  scenario('C3: find(), a writer at the same place', [[find(2)], [on(2, set({ a: 2 }))]], warm),
  scenario('C3: a reader, a login', [[on(2, look)], [on(1, ...login)]]),
  scenario('C3: a reader, a writer', [[on(2, look)], [on(1, set({ a: 2 }))]]),
  ...each('C4', [...writers, [destroy]], 'a login', [on(2, ...login)]),
  scenario('C4: a touch, a login', [[on(1)], [on(2, ...login)]], due),
  large('C4: a writer, a login, a logout', [[on(1, set({ a: 2 }))], [on(2, ...login)], [on(2, destroy)]]),
  long('C4 C10: a writer that writes twice, a login', [
    [on(1, set({ a: 2 })), on(1, set({ b: 2 }))],
    [on(2, ...login)],
  ]),
  scenario('C5: two logins', [[on(1, ...login)], [on(2, set({ userId: 'max' }), regenerate())]]),
  long('C5: a login that is caught, a login', [
    [on(1, tried(regenerate()), set({ userId: 'max' }), tried(save))],
    [on(2, ...login)],
  ]),
  large('C5: two logins, a writer', [[on(1, ...login)], [on(2, regenerate())], [on(1, set({ a: 2 }))]]),
  scenario('C6: a writer, it expires', [[on(1, set({ a: 2 }))], [advance(30 * MINUTE), sweep]]),
  scenario('C6: a saver, it expires', [[on(1, set({ a: 2 }), save)], [advance(30 * MINUTE)]]),
  scenario('C6: an update, it expires', [[on(1, count)], [advance(30 * MINUTE)]]),
  scenario('C6: a login, it expires', [[on(1, ...login)], [advance(30 * MINUTE)]]),
  scenario('C6: a touch, it expires', [[on(1)], [advance(25 * MINUTE)]], due),
  long('C6: a touch, a writer, it expires', [[on(1)], [on(2, set({ a: 2 }))], [advance(25 * MINUTE)]], due),
  scenario(
    'C7: a writer, the absolute deadline',
    [[on(1, set({ a: 2 })), on(2, set({ b: 2 }))], [advance(2 * MINUTE)]],
    [...begun, advance(29 * MINUTE), on(1, look), advance(29 * MINUTE), on(1, set({ c: 1 })), advance(MINUTE)],
    'an hour at most',
  ),
  scenario('C8: a login that keeps nothing, a writer', [[on(1, regenerate('none'))], [on(2, set({ b: 2 }))]]),
  scenario('C8: a login that keeps a key, a writer', [[on(1, regenerate(['a']))], [on(2, set({ a: 2, b: 2 }))]]),
  scenario(
    'C9: a login, then a request elsewhere, a reader there',
    [[on(1, ...login), on(2, look)], [on(2, look)]],
    warm,
  ),
  scenario(
    'C9: a writer, then a request elsewhere, a reader there',
    [[on(1, set({ a: 2 })), on(2, look)], [on(2, look)]],
    warm,
  ),
  scenario('C9: a logout, then a request elsewhere', [[on(1, destroy), bringing(0, on(2, look))], [on(2, look)]], warm),
  scenario(
    'C10: with the previous secret, with the new one',
    [[bringing(0, on(1, set({ a: 2 })))], [on(2, set({ b: 2 }))]],
    loggedIn,
  ),
  scenario(
    'C10: with the previous secret, a minute passes',
    [[bringing(0, on(1, set({ a: 2 })))], [advance(MINUTE)]],
    loggedIn,
  ),
  scenario('C11: a login that fails later, a writer', [[on(1, ...login, fail)], [on(2, set({ a: 2 }))]]),
  long(
    'C13: an old writer, a logout and a new session under its id',
    [[on(1, set({ b: 2 }))], [on(2, destroy), naming('one', on(2, set({ a: 1 })))]],
    [naming('one', on(1, set({ a: 1 })))],
    'ids are named',
  ),
  scenario(
    'C13: two begin under one id',
    [[naming('one', on(1, set({ a: 1 })))], [naming('one', on(2, set({ b: 1 })))]],
    [],
    'ids are named',
  ),
  long('B7 C4: a touch that refreshes the cookie, a login', [[on(1)], [on(2, ...login)]], due, 'cookies are refreshed'),
  long('B7 C2: a touch that refreshes the cookie, a logout', [[on(1)], [on(2, destroy)]], due, 'cookies are refreshed'),
  long(
    'B7: a touch that refreshes the cookie, a writer',
    [[on(1)], [on(2, set({ a: 2 }))]],
    due,
    'cookies are refreshed',
  ),
];
