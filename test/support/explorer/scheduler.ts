import { setImmediate, setTimeout } from 'node:timers/promises';
import { deferred, type Deferred } from '../../../src/testing/deferred.js';

/** One step of a program, from where it has stopped to where it stops next; or what it tells, which is no step. */
export interface Step {
  /** Which of the programs. */
  readonly program: number;
  /** What it does. */
  readonly text: string;
  readonly isTold: boolean;
  /** What came of it. */
  result?: string;
}

/** Chooses who goes on: an index into the steps that can be taken next. */
export type Choose = (steps: readonly Step[]) => number;

/** What a program has to do with whoever runs it. */
export interface Turns {
  /** Stops before a step, until it is this program's turn. */
  stop(text: string): Promise<Step>;
  /** Notes what has happened, for whoever reads of it. */
  tell(text: string): void;
  /** Does what takes real time: meanwhile nobody is taken to be stuck. */
  during<R>(work: Promise<R>): Promise<R>;
  /** Says that this program comes to its next stop by itself, though that may take real time. */
  willStop(): void;
}

/** A program that stops before each of its steps. */
export type Program = (turns: Turns) => Promise<unknown>;

/** Somebody waits for ever. */
export class DeadlockError extends Error {}

interface Held {
  readonly step: Step;
  readonly released: Deferred<Step>;
}

/** After so many turns of the event loop in which nobody moved, whoever has not stopped waits for somebody else. */
const IDLE_TURNS = 4;

/** For how many milliseconds nobody may move while everybody waits. */
const PATIENCE = 1000;

/** Runs programs step by step: before each step all have stopped, have ended, or wait for one that has stopped. */
export class Scheduler {
  /** The steps that were taken, and what was told in between. */
  readonly steps: Step[] = [];
  readonly #held: Held[] = [];
  readonly #running = new Set<number>();
  readonly #during = new Set<Promise<unknown>>();
  readonly #expected = new Set<number>();
  /** Grows whenever somebody does something. */
  #moves = 0;

  /**
   * Runs programs to their ends.
   *
   * @throws {DeadlockError}
   * @throws whatever a program throws
   */
  async run(programs: readonly Program[], choose: Choose): Promise<void> {
    const end = Promise.all(programs.map((program, index) => this.#start(program, index)));
    // Who fails is told of at the end
    end.catch(() => {});
    for (;;) {
      await this.#quiet();
      // Who stopped first is a matter of chance
      const held = this.#held.toSorted((one, other) => one.step.program - other.step.program);
      if (held.length === 0) break;
      const next = held[choose(held.map(({ step }) => step))];
      if (next === undefined) throw new RangeError('Cannot go on: nobody was chosen');
      this.#held.splice(this.#held.indexOf(next), 1);
      this.steps.push(next.step);
      next.released.resolve(next.step);
    }
    await end;
  }

  async #start(program: Program, index: number): Promise<void> {
    this.#running.add(index);
    try {
      await program(this.#turns(index));
    } finally {
      this.#running.delete(index);
      this.#moves++;
    }
  }

  #turns(program: number): Turns {
    return {
      stop: (text) => {
        const held = { step: { program, text, isTold: false }, released: deferred<Step>() };
        this.#held.push(held);
        this.#expected.delete(program);
        this.#moves++;
        return held.released.promise;
      },
      tell: (text) => void this.steps.push({ program, text, isTold: true }),
      during: async (work) => {
        this.#during.add(work);
        try {
          return await work;
        } finally {
          this.#during.delete(work);
          this.#moves++;
        }
      },
      willStop: () => void this.#expected.add(program),
    };
  }

  async #quiet(): Promise<void> {
    let waits = 0;
    for (let idle = 0; idle < IDLE_TURNS;) {
      const moves = this.#moves;
      await Promise.allSettled(this.#during);
      await setImmediate();
      idle = moves === this.#moves ? idle + 1 : 0;
      const isStuck = this.#held.length === 0 && this.#running.size > 0;
      if (idle < IDLE_TURNS || (!isStuck && this.#expected.size === 0)) continue;
      if (++waits > PATIENCE) throw new DeadlockError('some wait for ever');
      await setTimeout(1);
      idle = 0;
    }
  }
}
