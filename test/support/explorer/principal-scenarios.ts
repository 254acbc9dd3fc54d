import type { PrincipalLimit } from '../../../src/tracker/principals.js';
import { MINUTE } from './program.js';
import { list, type PrincipalRun } from './principal-run.js';

/** One thing that a program does. */
export interface PrincipalAct {
  readonly text: string;
  readonly isRequest: boolean;
  /** @returns what came of it, as text */
  run(run: PrincipalRun): Promise<string>;
}

/** What is to be run in every order of its steps. */
export interface PrincipalScenario {
  readonly title: string;
  readonly limit: PrincipalLimit | undefined;
  readonly setUp: readonly PrincipalAct[];
  readonly programs: readonly (readonly PrincipalAct[])[];
  /** Whether one of them ends all sessions. */
  readonly hasEnds: boolean;
  /** How many orders it has: where they are `some` all are run over one index only, where they are `many` some of them. */
  readonly orders: 'few' | 'some' | 'many';
  /** How many sessions P has at the end, where that is the same in every order. */
  readonly living?: number | undefined;
}

const evict = (perPrincipal: number): PrincipalLimit => ({ perPrincipal, onExceeded: 'evictOldest' });
const reject = (perPrincipal: number): PrincipalLimit => ({ perPrincipal, onExceeded: 'reject' });

/** How a login replaces the secret. */
type Rotation = 'no' | 'before' | 'after';

/** Makes the session of a client somebody's. */
function login(client: string, at = 1, principal = 'P', rotation: Rotation = 'no'): PrincipalAct {
  return {
    text: `${client} logs in as ${principal} on ${at}${rotation === 'no' ? '' : `, regenerate() ${rotation}`}`,
    isRequest: true,
    async run(run) {
      const requested = await run.request(client, at, async (session) => {
        if (rotation === 'before') await session.regenerate();
        session.principal = principal;
        session.data['user'] = principal;
        if (rotation === 'after') await session.regenerate();
      });
      run.noteLogin(principal, requested);
      return toldOf(requested.error);
    },
  };
}

function request(
  client: string,
  at: number,
  what: string,
  handler: Parameters<PrincipalRun['request']>[2],
): PrincipalAct {
  return {
    text: `${client} ${what} on ${at}`,
    isRequest: true,
    run: async (run) => toldOf((await run.request(client, at, handler)).error),
  };
}

const visit = (client: string, at = 1) =>
  request(client, at, 'sets a key', ({ data }) => void (data['visited'] = `${client} on ${at}`));
const logout = (client: string, at = 1) => request(client, at, 'destroys', (session) => session.destroy());
const unmark = (client: string, at = 1) => request(client, at, 'unmarks', (s) => void (s.principal = undefined));
const regenerate = (client: string, at = 1) => request(client, at, 'regenerates', (session) => session.regenerate());
const regenerateToNothing = (client: string, at = 1) =>
  request(client, at, 'regenerates to nothing', (session) => session.regenerate({ keep: 'none' }));

/** Ends all sessions of P, but maybe that of a client. */
function endAll(at = 1, except?: string): PrincipalAct {
  return {
    text: `invalidateAll(P${except === undefined ? '' : ` except ${except}'s`}) on ${at}`,
    isRequest: false,
    async run(run) {
      const { clock } = run.bench;
      const began = clock.now();
      const id = except === undefined ? undefined : run.idOf(except);
      const count = await run.bench.at(at).invalidateAll('P', id);
      run.ends.push({ principal: 'P', except: id, began, ended: clock.now() });
      return `ended ${count}`;
    },
  };
}

/** Ends the session of a client, which is to be P's. */
function endOne(client: string, at = 1): PrincipalAct {
  return {
    text: `invalidate(${client}'s, P) on ${at}`,
    isRequest: false,
    run: async (run) => `ended: ${await run.bench.at(at).invalidate(run.idOf(client), 'P')}`,
  };
}

function look(at = 1): PrincipalAct {
  return {
    text: `list(P) on ${at}`,
    isRequest: false,
    run: async ({ bench }) => `listed ${(await list(bench, 'P', at)).length}`,
  };
}

/** An entry without its record: what a login leaves that could not write, more than a minute ago. */
function stray(client: string): PrincipalAct {
  return {
    text: `an old entry of P for the session of ${client}`,
    isRequest: false,
    async run(run) {
      await run.bench.addEntry('P', run.idOf(client));
      run.bench.clock.advance(2 * MINUTE);
      return 'added';
    },
  };
}

function toldOf(error: unknown): string {
  if (error === undefined) return 'answered 200';
  return `answered ${error instanceof Error && 'code' in error ? String(error.code) : String(error)}`;
}

function scenario(
  title: string,
  setUp: readonly PrincipalAct[],
  programs: readonly (readonly PrincipalAct[])[],
  { limit, living }: Pick<Partial<PrincipalScenario>, 'limit' | 'living'> = {},
): PrincipalScenario {
  const hasEnds = programs.flat().some(({ text }) => text.startsWith('invalidateAll'));
  return { title, setUp, programs, limit, living, hasEnds, orders: 'few' };
}

/** One of some orders. */
function long(...given: Parameters<typeof scenario>): PrincipalScenario {
  return { ...scenario(...given), orders: 'some' };
}

/** One of many. */
function large(...given: Parameters<typeof scenario>): PrincipalScenario {
  return { ...scenario(...given), orders: 'many' };
}

const begun = [visit('a')];
const theirs = [login('a')];

/** What is run in every order. */
export const principalScenarios: readonly PrincipalScenario[] = [
  // The limit is exact
  long('two logins, one session may live', [], [[login('a')], [login('b', 2)]], { limit: evict(1), living: 1 }),
  long('two logins, two may live, one does', [login('c')], [[login('a')], [login('b', 2)]], {
    limit: evict(2),
    living: 2,
  }),
  large('two logins, one may live, one does', [login('c')], [[login('a')], [login('b', 2)]], {
    limit: evict(1),
    living: 1,
  }),
  scenario('two logins, no more than one may live', [], [[login('a')], [login('b', 2)]], {
    limit: reject(1),
    living: 1,
  }),
  scenario('two logins, no more than two may live, one does', [login('c')], [[login('a')], [login('b', 2)]], {
    limit: reject(2),
    living: 2,
  }),
  scenario('a login, and a logout of the one that may live', theirs, [[login('b')], [logout('a', 2)]], {
    limit: evict(1),
    living: 1,
  }),
  scenario('a login, and a logout, no more than one may live', theirs, [[login('b')], [logout('a', 2)]], {
    limit: reject(1),
  }),
  scenario('a login, and a change in the one that may live', theirs, [[login('b')], [visit('a', 2)]], {
    limit: evict(1),
    living: 1,
  }),
  large('a login, and regenerate() in the one that may live', theirs, [[login('b')], [regenerate('a', 2)]], {
    limit: evict(1),
  }),
  long('a login, and one that is no longer theirs', theirs, [[login('b')], [unmark('a', 2)]], {
    limit: evict(1),
    living: 1,
  }),
  scenario('a login, list()', theirs, [[login('b')], [look(2)]], { limit: evict(1), living: 1 }),
  scenario('two logins in one session, one may live', begun, [[login('a')], [login('a', 2)]], {
    limit: evict(1),
    living: 1,
  }),

  // All are ended
  scenario('a login, invalidateAll()', [], [[login('a')], [endAll(2)]]),
  scenario('a login in a session that is there, invalidateAll()', begun, [[login('a')], [endAll(2)]]),
  scenario('a login that regenerates, invalidateAll()', begun, [[login('a', 1, 'P', 'after')], [endAll(2)]]),
  scenario('a login after regenerate(), invalidateAll()', begun, [[login('a', 1, 'P', 'before')], [endAll(2)]]),
  long('regenerate(), invalidateAll()', theirs, [[regenerate('a')], [endAll(2)]]),
  scenario('a change, invalidateAll()', theirs, [[visit('a')], [endAll(2)]], { living: 0 }),
  scenario('regenerate(), invalidateAll() but for that', theirs, [[regenerate('a')], [endAll(2, 'a')]], { living: 1 }),
  scenario('a login, invalidateAll() but for another', [login('b')], [[login('a')], [endAll(2, 'b')]]),
  large('a login and a change in one session, invalidateAll()', begun, [[login('a')], [visit('a', 2)], [endAll(2)]]),
  large('two logins in one session, invalidateAll()', begun, [[login('a')], [login('a', 2)], [endAll(2)]]),
  large('two logins, one may live, invalidateAll()', [], [[login('a')], [login('b', 2)], [endAll(2)]], {
    limit: evict(1),
  }),
  large('a login after a login, invalidateAll()', [], [[login('a'), login('b')], [endAll(2)]]),
  long('a login, one may live, invalidateAll()', theirs, [[login('b')], [endAll(2)]], { limit: evict(1) }),
  scenario('two times invalidateAll()', theirs, [[endAll()], [endAll(2)]], { living: 0 }),
  scenario(
    'two times invalidateAll() but for one, each another',
    [login('a'), login('b')],
    [[endAll(1, 'a')], [endAll(2, 'b')]],
    { living: 0 },
  ),
  scenario('invalidateAll(), a logout', theirs, [[endAll()], [logout('a', 2)]], { living: 0 }),

  // Whose a session is
  long('a login as P, a login as Q', begun, [[login('a')], [login('a', 2, 'Q')]]),
  long('of P, a login as Q, another as P', theirs, [[login('a', 1, 'Q')], [login('a', 2)]]),
  scenario('of P, one that is no longer theirs, a login', theirs, [[unmark('a')], [login('a', 2)]]),
  scenario('of P, twice no longer theirs', theirs, [[unmark('a')], [unmark('a', 2)]], { living: 0 }),
  scenario('of P, regenerate() to nothing, a login', theirs, [[regenerateToNothing('a')], [login('a', 2)]]),
  scenario('of P, no longer and again, list()', theirs, [[unmark('a'), login('a')], [look(2)]], { living: 1 }),
  long('of P, no longer and again, invalidateAll()', theirs, [[unmark('a'), login('a')], [endAll(2)]]),
  scenario('a login, a logout', begun, [[login('a')], [logout('a', 2)]]),
  scenario('a login that regenerates, a logout', begun, [[login('a', 1, 'P', 'after')], [logout('a', 2)]]),
  scenario('a login, invalidate()', begun, [[login('a')], [endOne('a', 2)]]),
  scenario('a change, invalidate()', theirs, [[visit('a')], [endOne('a', 2)]], { living: 0 }),
  long('a login where an old entry is, list()', [...begun, stray('a')], [[login('a')], [look(2)]]),
  large('a login where an old entry is, another', [...begun, stray('a')], [[login('a')], [login('b', 2)]], {
    limit: evict(1),
    living: 1,
  }),
];
