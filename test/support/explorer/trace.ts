import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from 'nest-sessions';
import type { Handle } from './program.js';
import type { Turns } from './scheduler.js';
import { Underway } from '../../../src/common/underway.js';

/** An instant of a run. */
export interface Instant {
  /** Its place among all instants of the run. */
  readonly order: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A call that the library made of its storage. */
export interface Call {
  readonly verb: 'read' | 'write' | 'invalidate';
  readonly id: string;
  /** Of which instance. */
  readonly at: number;
  readonly began: Instant;
  /** When it took effect below every cache; `undefined` when a cache answered. */
  effect?: Instant;
  ended?: Instant;
  /** The state that it found, or made. */
  version?: string | undefined;
  /** Whether it has changed what is stored. */
  isChange: boolean;
}

/** What a verb came to: a value as text, or an error's code. */
export interface Outcome {
  readonly value?: string;
  readonly error?: string;
}

/** A token, and the public id in it. */
export interface HandedToken {
  readonly token: string;
  readonly id: string;
}

/** What a client got. */
export interface Answer {
  readonly status: number;
  /** What it is handed; or that it has to forget what it has; or neither. */
  readonly handed: HandedToken | 'cleared' | undefined;
}

/** What is one step in the model. */
export interface Operation {
  readonly program: number;
  /** Which of the program's actions. */
  readonly action: number;
  /** Of a request: which of its verbs; its load, before them; its commit, after them. Of anything else: all. */
  readonly part: number | 'load' | 'commit' | 'all';
  readonly calls: Call[];
  readonly began: Instant;
  ended?: Instant;
  outcome?: Outcome;
  /** With a commit. */
  answer?: Answer;
}

/** Who does something: known wherever that leads to. */
export interface Doer {
  operation: Operation;
  /** `undefined` for who need not wait for turns. */
  readonly turns?: Turns | undefined;
  /** What the handler of its request does. */
  readonly handler?: (session: Handle) => Promise<void>;
  /** What a session is named that it begins. */
  readonly id?: string | undefined;
  readonly call?: Call;
}

/** Notes what happens, in its order, and who does it. */
export class Trace {
  /** Calls that have not ended: no response waits for a touch. */
  readonly underway = new Underway();
  readonly #clock: Clock;
  readonly #doers = new AsyncLocalStorage<Doer>();
  #operations: Operation[] = [];
  #instants = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Everything that was begun since `forget()`. */
  get operations(): readonly Operation[] {
    return this.#operations;
  }

  /** Who does what is done here. */
  get doer(): Doer {
    const doer = this.#doers.getStore();
    if (doer === undefined) throw new Error('Cannot trace what nobody does');
    return doer;
  }

  as<R>(doer: Doer, work: () => R): R {
    return this.#doers.run(doer, work);
  }

  begin(program: number, action: number, part: Operation['part']): Operation {
    const operation = { program, action, part, calls: [], began: this.now() };
    this.#operations.push(operation);
    return operation;
  }

  now(): Instant {
    return { order: ++this.#instants, now: this.#clock.now() };
  }

  forget(): void {
    this.#operations = [];
    this.#instants = 0;
  }
}

/**
 * The call by which an operation is decided: the write that it made; or else its last read, and a load has nothing else: what it
 * removes is over.
 */
export function decisiveCall({ calls, part }: Operation): Call | undefined {
  if (part === 'load') return calls.findLast(({ verb }) => verb === 'read');
  return calls.findLast(({ isChange }) => isChange) ?? calls.at(-1);
}

/** When an operation took effect. */
export function orderOf(operation: Operation): number {
  return decisiveCall(operation)?.effect?.order ?? operation.ended?.order ?? Infinity;
}

/** Does something, and tells what it came to. */
export async function attempt(work: () => unknown): Promise<{ readonly outcome: Outcome; readonly error?: unknown }> {
  try {
    return { outcome: { value: JSON.stringify(await work()) ?? 'nothing' } };
  } catch (error) {
    const { name, code } = error as Error & { readonly code?: string };
    return { outcome: { error: code ?? name }, error };
  }
}
