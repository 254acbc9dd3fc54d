import { setTimeout } from 'node:timers/promises';
import type { ByteStream, Clock, WriteOptions } from 'nest-sessions';
import { ForwardingStorage } from 'nest-sessions/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Bench, type Store } from '../support/explorer/bench.js';
import { exploreScenario, settingOf } from '../support/explorer/explore-scenario.js';
import { explore } from '../support/explorer/explore.js';
import { compare, report, type Exploration, type Failure } from '../support/explorer/report.js';
import { scenarios, type Scenario } from '../support/explorer/scenarios.js';
import { DeadlockError, Scheduler, type Choose, type Program, type Step } from '../support/explorer/scheduler.js';
import { memory } from '../support/explorer/stores.js';

/** A program of so many steps. */
function steps(count: number): Program {
  return async ({ stop }) => {
    for (let step = 1; step <= count; step++) await stop(String(step));
  };
}

async function ordersOf(...programs: readonly Program[]): Promise<readonly string[]> {
  const orders: string[] = [];
  for await (const taken of explore((choose) => inOrder(programs, choose))) {
    orders.push(taken.map(({ program, text }) => `${'AB'.charAt(program)}${text}`).join(' '));
  }
  return orders;
}

async function inOrder(programs: readonly Program[], choose: Choose): Promise<readonly Step[]> {
  const scheduler = new Scheduler();
  await scheduler.run(programs, choose);
  return scheduler.steps;
}

/** Two programs that each read a number, and write the next one. */
async function countersExplored(): Promise<Exploration> {
  const failures: Failure[] = [];
  let orders = 0;
  for await (const { taken, count } of explore(async (choose) => {
    let stored = 0;
    const counter: Program = async ({ stop }) => {
      const step = await stop('read');
      const read = stored;
      step.result = String(read);
      await stop(`write ${read + 1}`);
      stored = read + 1;
    };
    return { taken: await inOrder([counter, counter], choose), count: () => stored };
  })) {
    orders++;
    const difference = compare('The count', 2, count());
    if (difference !== undefined) failures.push({ steps: taken, difference });
  }
  return { orders, failures };
}

/** A memory whose writes are told to be conditional, and are not. */
class CarelessStorage extends ForwardingStorage {
  override write(id: string, source: ByteStream, { expiresAt }: WriteOptions) {
    return super.write(id, source, { expiresAt });
  }
}

function careless(clock: Clock): Store {
  const { storage } = memory(clock);
  return { storage, connect: (step) => step(new CarelessStorage(storage)) };
}

function scenarioOf(row: string): Scenario {
  const scenario = scenarios.find(({ title }) => title.startsWith(row));
  if (scenario === undefined) throw new Error(`Cannot find a scenario of ${row}`);
  return scenario;
}

describe('explore()', () => {
  it.each([
    [1, 1, 2],
    [1, 4, 5],
    [2, 3, 10],
    [4, 4, 70],
  ])('runs two programs of %i and %i steps in all %i orders, each once', async (one, other, count) => {
    const orders = await ordersOf(steps(one), steps(other));
    expect(orders).toHaveLength(count);
    expect(new Set(orders).size).toBe(count);
  });

  it('begins with one after the other, and changes the last choices first', async () => {
    expect(await ordersOf(steps(1), steps(2))).toEqual(['A1 B1 B2', 'B1 A1 B2', 'B1 B2 A1']);
  });

  it('runs programs that have no steps once', async () => {
    expect(await ordersOf(steps(0), steps(0))).toEqual(['']);
  });

  it('rejects when a run depends on more than the choices', async () => {
    let runs = 0;
    await expect(ordersOf((turns) => steps(++runs === 1 ? 2 : 1)(turns), steps(1))).rejects.toThrow(
      'Cannot repeat a run',
    );
  });

  it('finds an update that is lost, and tells the shortest order of it', async () => {
    const exploration = await countersExplored();
    expect([exploration.failures.length, exploration.orders]).toEqual([4, 6]);
    expect(report(['A and B: count'], exploration)).toBe(
      [
        '4 of 6 orders fail. The shortest:',
        '  A and B: count',
        '   1. A read: 0',
        '   2. B read: 0',
        '   3. B write 1',
        '   4. A write 1',
        'The count:',
        '  expected 2',
        '  but saw  1',
      ].join('\n'),
    );
  });
});

describe('Scheduler', () => {
  it('lets a program that waits for another be no choice', async () => {
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const waits: Program = async ({ stop }) => {
      await gate;
      await stop('through');
    };
    const opens: Program = async ({ stop }) => {
      await stop('open');
      open();
    };
    expect(await ordersOf(waits, opens)).toEqual(['Bopen Athrough']);
  });

  it('rejects when all wait for each other', async () => {
    const waits: Program = async () => new Promise(() => {});
    await expect(inOrder([waits, steps(1)], () => 0)).rejects.toThrow(DeadlockError);
  });

  it('rejects with what a program throws', async () => {
    const fails: Program = async ({ stop }) => {
      await stop('fail');
      throw new RangeError('of the program');
    };
    await expect(inOrder([fails, steps(1)], () => 0)).rejects.toThrow('of the program');
  });

  it('waits for what takes real time, and for who will stop by itself', async () => {
    const works: Program = async ({ stop, during, willStop }) => {
      await stop('1');
      await during(setTimeout(20));
      await stop('2');
      willStop();
      await setTimeout(20);
      await stop('3');
    };
    expect(await ordersOf(works, steps(1))).toHaveLength(4);
  });
});

describe('exploreScenario()', () => {
  async function explored(open: (clock: Clock) => Store, row: string) {
    const bench = await Bench.start({ travel: 'by id', cache: 'none', open }, ['express', 'fastify'], 'usual');
    onTestFinished(() => bench.close());
    const scenario = scenarioOf(row);
    return { scenario, exploration: await exploreScenario(bench, scenario) };
  }

  it('finds nothing over a storage that keeps conditions', async () => {
    const { scenario, exploration } = await explored(memory, 'B1');
    expect(report(settingOf(scenario), exploration)).toBe('');
    expect(exploration.orders).toBe(6);
  });

  it('finds the lost update over one that does not, and tells the shortest order of it', async () => {
    const { scenario, exploration } = await explored(careless, 'B1');
    expect(report(settingOf(scenario), exploration)).toBe(
      [
        '4 of 6 orders fail. The shortest:',
        '  before: request on 1: set a, c',
        '  A: request on 1: set a',
        '  B: request on 2: set b',
        '   1. A read: a record',
        '   2. B read: a record',
        '   3. B write: written',
        '      B answered 200, no cookie',
        '   4. A write: written',
        '      A answered 200, no cookie',
        'What is stored at the end:',
        '  expected {"a":2,"c":0,"b":2} for 1800000 ms, at most 43200000 ms',
        '  but saw  {"a":2,"c":0} for 1800000 ms, at most 43200000 ms',
      ].join('\n'),
    );
  });

  it.each(['B4: two updates', 'B5: two take', 'C1: set a', 'C2: a touch', 'C4: set a', 'C5: two logins', 'C8'])(
    'finds it wrong too: %s',
    async (row) => {
      const { exploration } = await explored(careless, row);
      expect(exploration.failures).not.toEqual([]);
    },
  );
});
