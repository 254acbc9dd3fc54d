import type { Bench } from './bench.js';
import type { Action, Handle, Request } from './program.js';
import type { Turns } from './scheduler.js';
import { attempt, type Answer, type Doer, type Operation } from './trace.js';

/** Who does what one program says, and keeps the token that it is handed. */
export class ProgramClient {
  /** `undefined` when it has none. */
  token: string | undefined;
  readonly #bench: Bench;
  readonly #program: number;
  readonly #handed: readonly (string | undefined)[];
  readonly #turns: Turns | undefined;

  /**
   * @param handed what the client of the set-up had after each action: it begins with the last
   * @param turns `undefined` when it need not wait for any
   */
  constructor(bench: Bench, program: number, handed: readonly (string | undefined)[], turns?: Turns) {
    this.#bench = bench;
    this.#program = program;
    this.#handed = handed;
    this.#turns = turns;
    this.token = handed.at(-1);
  }

  /** Does the next action. */
  async do(action: Action, index: number): Promise<void> {
    if (action.kind === 'request') return this.#request(action, index);
    const { trace } = this.#bench;
    if ('at' in action) await this.#beginning();
    else await this.#turns?.stop(action.kind);
    const operation = this.#begin(index, 'all');
    const doer = { operation, turns: this.#turns };
    operation.outcome = (await attempt(() => trace.as(doer, () => this.#act(action)))).outcome;
    operation.ended = trace.now();
  }

  #act(action: Exclude<Action, Request>): Promise<unknown> | undefined {
    switch (action.kind) {
      case 'find':
        return this.#bench.find(action.at, this.#handed.at(-1) ?? '');
      case 'invalidate':
        return this.#bench.invalidate(action.at, this.#handed.at(-1) ?? '');
      case 'advance':
        this.#bench.clock.advance(action.milliseconds);
        return undefined;
      case 'sweep':
        return this.#turns?.during(this.#bench.sweep()) ?? this.#bench.sweep();
      default:
        return action satisfies never;
    }
  }

  async #request({ at, verbs, brings, id }: Request, action: number): Promise<void> {
    const { trace } = this.#bench;
    if (brings !== undefined) this.token = brings === 'nothing' ? undefined : this.#handed[brings];
    await this.#beginning();
    const load = this.#begin(action, 'load');
    const handler = async (session: Handle): Promise<void> => {
      load.ended = trace.now();
      try {
        for (const index of verbs.keys()) await this.#verb(verbs, index, session, action, doer);
      } finally {
        doer.operation = this.#begin(action, 'commit');
      }
    };
    const doer: Doer = { operation: load, turns: this.#turns, id, handler };
    const answer = await trace.as(doer, () => this.#bench.request(at, this.token));
    doer.operation.ended = trace.now();
    doer.operation.answer = answer;
    this.#turns?.tell(`answered ${tellAnswer(answer)}`);
    this.#keep(answer);
  }

  async #verb(verbs: Request['verbs'], index: number, session: Handle, action: number, doer: Doer): Promise<void> {
    const verb = verbs[index];
    if (verb === undefined) return;
    const { trace } = this.#bench;
    const operation = this.#begin(action, index);
    const { outcome, error } = await attempt(() => trace.as({ ...doer, operation }, () => verb.run(session)));
    operation.outcome = outcome;
    operation.ended = trace.now();
    if (error instanceof Error && verb.isTried !== true) throw error;
  }

  /** What a cache answers is no step below it: so that it has an order too, beginning is one. */
  async #beginning(): Promise<void> {
    if (this.#bench.keeping.cache !== 'none') await this.#turns?.stop('begin');
  }

  #begin(action: number, part: Operation['part']): Operation {
    return this.#bench.trace.begin(this.#program, action, part);
  }

  #keep({ handed }: Answer): void {
    if (handed !== undefined) this.token = handed === 'cleared' ? undefined : handed.token;
  }
}

/** Says what a client got. */
export function tellAnswer({ status, handed }: Answer): string {
  if (handed === undefined) return `${status}, no cookie`;
  return handed === 'cleared' ? `${status}, cookie cleared` : `${status}, a token`;
}
