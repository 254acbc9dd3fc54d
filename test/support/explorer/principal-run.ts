import type { Session } from 'nest-sessions';
import { PrincipalBench, type IndexPlace, type LivingSession } from './principal-bench.js';
import type { PrincipalAct, PrincipalScenario } from './principal-scenarios.js';
import { Scheduler, type Choose, type Program, type Step, type Turns } from './scheduler.js';

/** A request that has made a session somebody's. */
export interface Login {
  readonly principal: string;
  /** When it began, in milliseconds since the epoch. */
  readonly began: number;
  /** The session that it has then. */
  readonly id: string;
  readonly outcome: 'in' | 'conflict' | 'limit' | 'ended';
}

/** A call of `invalidateAll()`. */
export interface EndOfAll {
  readonly principal: string;
  readonly except: string | undefined;
  /** Milliseconds since the epoch. */
  readonly began: number;
  readonly ended: number;
}

/** What came of one order. */
export interface PrincipalOutcome {
  readonly steps: readonly Step[];
  readonly logins: readonly Login[];
  readonly ends: readonly EndOfAll[];
  readonly living: readonly LivingSession[];
  /** By principal: what the index says, and what `list()` does. */
  readonly entries: ReadonlyMap<string, readonly string[]>;
  readonly listed: ReadonlyMap<string, readonly string[]>;
  /** What lives after `invalidateAll()` for all of them. */
  readonly left: readonly LivingSession[];
  readonly stuck: string | undefined;
}

const PRINCIPALS = ['P', 'Q'];
const OUTCOMES: Readonly<Record<string, Login['outcome']>> = {
  ERR_SESSION_CONFLICT: 'conflict',
  ERR_SESSION_LIMIT: 'limit',
  ERR_SESSION_ENDED: 'ended',
};

/** One run: what its clients have, and what was done. */
export class PrincipalRun {
  readonly bench: PrincipalBench;
  readonly logins: Login[] = [];
  readonly ends: EndOfAll[] = [];
  /** The tokens of clients by name. */
  readonly #jars = new Map<string, string>();
  readonly #ids = new Set<string>();

  constructor(bench: PrincipalBench) {
    this.bench = bench;
  }

  /** Every id that a session has had. */
  get ids(): ReadonlySet<string> {
    return this.#ids;
  }

  /** The id of the session that a client has. */
  idOf(client: string): string {
    return this.#jars.get(client)?.split('.')[0] ?? '';
  }

  /** Notes what a request has made somebody's. */
  noteLogin(principal: string, { began, id, isNew, error }: Requested): void {
    const done = isNew ? 'ended' : 'in';
    this.logins.push({ principal, began, id, outcome: error === undefined ? done : outcomeOf(error) });
  }

  /** Does what a request does, up to its last commit, and keeps what its client is handed. */
  async request(client: string, at: number, handler: (session: Session) => unknown): Promise<Requested> {
    const began = this.bench.clock.now();
    const token = this.#jars.get(client);
    const tracked = await this.bench.at(at).load(token === undefined ? [] : [token], {
      request: {},
      reply: { state: 'open', outage: () => {} },
    });
    let error: unknown;
    try {
      await handler(tracked.handle);
      await tracked.commit();
    } catch (reason) {
      error = reason;
      tracked.answeredWith(reason);
      await tracked.commit()?.catch(() => {});
    }
    const { outgoing } = tracked;
    if (outgoing === 'clear') this.#jars.delete(client);
    else if (outgoing !== undefined && (error === undefined || outgoing.sending === 'always')) {
      this.#jars.set(client, outgoing.value);
    }
    const { id, isNew } = tracked.handle;
    this.#ids.add(id);
    return { began, id, isNew, error };
  }
}

/** What came of a request. */
export interface Requested {
  readonly began: number;
  readonly id: string;
  /** Whether it has no session at the end: what it wanted to store of one that had ended was dropped. */
  readonly isNew: boolean;
  readonly error: unknown;
}

/** Runs a scenario in one order. */
export async function runPrincipals(
  { setUp, programs, limit, hasEnds }: PrincipalScenario,
  place: IndexPlace,
  instances: number,
  choose: Choose,
): Promise<PrincipalOutcome> {
  const bench = new PrincipalBench(place, instances, limit);
  const run = new PrincipalRun(bench);
  for (const act of setUp) {
    await aside(bench, () => act.run(run));
    bench.clock.advance(1);
  }
  const scheduler = new Scheduler();
  let stuck: string | undefined;
  try {
    const running = programs.map(
      (acts, program): Program =>
        (turns) =>
          inTurn(run, acts, program, turns, hasEnds),
    );
    await scheduler.run(running, choose);
  } catch (error) {
    stuck = String(error);
  }
  const living = await bench.living(run.ids);
  const entries = new Map<string, readonly string[]>();
  const listed = new Map<string, readonly string[]>();
  for (const principal of PRINCIPALS) {
    entries.set(principal, await bench.entriesOf(principal));
    listed.set(principal, await aside(bench, () => list(bench, principal)));
  }
  bench.clock.advance(1);
  for (const principal of PRINCIPALS) await aside(bench, () => bench.at(1).invalidateAll(principal));
  const left = await bench.living(run.ids);
  return { steps: scheduler.steps, logins: run.logins, ends: run.ends, living, entries, listed, left, stuck };
}

/** Lists the sessions of a principal. */
export async function list(bench: PrincipalBench, principal: string, at = 1): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { id } of bench.at(at).list(principal)) ids.push(id);
  return ids;
}

function inTurn(
  run: PrincipalRun,
  acts: readonly PrincipalAct[],
  program: number,
  turns: Turns,
  hasEnds: boolean,
): Promise<void> {
  return run.bench.as(program, turns, async () => {
    const { doer } = run.bench.trace;
    for (const { isRequest, run: act } of acts) {
      // When it begins matters only to what ends all that has begun before
      if (isRequest && hasEnds) await doer.turns?.stop('begin');
      turns.tell(await act(run));
    }
  });
}

function aside<R>(bench: PrincipalBench, work: () => Promise<R>): Promise<R> {
  return bench.as(NaN, undefined, work);
}

function outcomeOf(error: unknown): Login['outcome'] {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const outcome = OUTCOMES[code];
  if (outcome === undefined) throw error;
  return outcome;
}
