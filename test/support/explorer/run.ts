import type { Session } from 'nest-sessions';
import type { Bench, Found } from './bench.js';
import { MAX_STALENESS } from './known-states.js';
import { ProgramClient } from './program-client.js';
import type { Scenario } from './scenarios.js';
import { Scheduler, type Choose, type Program, type Step } from './scheduler.js';
import type { Operation } from './trace.js';

/** What somebody who has a token sees on an instance, when all is over. */
export interface Probe {
  readonly token: string;
  readonly at: number;
  /** The data, as text; `undefined` when it is the token of no session. */
  readonly data: string | undefined;
}

/** What came of one order. */
export interface Run {
  readonly steps: readonly Step[];
  readonly operations: readonly Operation[];
  readonly records: readonly Found[];
  readonly probes: readonly Probe[];
  /** When it was over, in milliseconds since the epoch. */
  readonly now: number;
  /** Why it has not ended; `undefined` when it has. */
  readonly stuck: string | undefined;
}

/** The number of the program that sets up. */
export const SET_UP = -1;

/** Runs a scenario in one order. */
export async function run(bench: Bench, { setUp, programs }: Scenario, choose: Choose): Promise<Run> {
  const { trace, clock } = bench;
  bench.beginRun();
  const handed: (string | undefined)[] = [];
  const first = new ProgramClient(bench, SET_UP, []);
  for (const [index, action] of setUp.entries()) {
    await first.do(action, index);
    await trace.underway.settled();
    handed.push(first.token);
  }
  const scheduler = new Scheduler();
  let stuck: string | undefined;
  try {
    const running = programs.map((actions, program): Program => async (turns) => {
      const client = new ProgramClient(bench, program, handed, turns);
      for (const [index, action] of actions.entries()) await client.do(action, index);
    });
    await scheduler.run(running, choose);
  } catch (error) {
    stuck = String(error);
  }
  // By then every cache has to know
  if (bench.keeping.cache === 'without a bus') clock.advance(MAX_STALENESS);
  const { operations } = trace;
  const ids = new Set(operations.flatMap(({ calls }) => calls.map(({ id }) => id)));
  const records = await bench.found(ids);
  const probes = await probe(bench, tokensIn(operations));
  await bench.clear(ids);
  return { steps: scheduler.steps, operations, records, probes, now: clock.now(), stuck };
}

function tokensIn(operations: readonly Operation[]): ReadonlySet<string> {
  const handed = operations.flatMap(({ answer }) => answer?.handed ?? []);
  return new Set(handed.flatMap((one) => (one === 'cleared' ? [] : one.token)));
}

/** Asks what each of these tokens gives: every instance that has a cache of its own, else one after the other. */
async function probe(bench: Bench, tokens: ReadonlySet<string>): Promise<readonly Probe[]> {
  const probes: Probe[] = [];
  for (const [index, token] of [...tokens].entries()) {
    const places = bench.keeping.cache !== 'none' ? bench.places : [index + 1];
    for (const at of places) {
      let data: string | undefined;
      await bench.aside(at, token, async (session) => {
        if (!(session as Session).isNew) data = JSON.stringify(session.data);
      });
      probes.push({ token, at, data });
    }
  }
  return probes;
}
