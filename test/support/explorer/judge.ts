import type { Keeping } from './bench.js';
import { HandedTokens } from './handed-tokens.js';
import { KnownStates } from './known-states.js';
import { tellAnswer } from './program-client.js';
import type { Request } from './program.js';
import { ReferenceModel, type Kept, type ModelSession, type ModelSettings } from './reference-model.js';
import { compare, letterOf, type Difference } from './report.js';
import { SET_UP, type Run } from './run.js';
import type { Scenario } from './scenarios.js';
import { attempt, decisiveCall, orderOf, type Operation } from './trace.js';

/**
 * Compares a run with the model, operation by operation, in the order in which they took effect; then what was left of it.
 *
 * @returns the first difference; `undefined` when there is none
 */
export function judge(
  scenario: Scenario,
  run: Run,
  settings: ModelSettings,
  cache: Keeping['cache'],
): Promise<Difference | undefined> {
  return new Judge(scenario, run, settings, cache).difference();
}

/** A request in the model. */
interface Underway {
  readonly session: ModelSession;
  /** What its handler threw. */
  thrown?: unknown;
}

class Judge {
  readonly #scenario: Scenario;
  readonly #run: Run;
  readonly #model: ReferenceModel;
  readonly #states: KnownStates;
  readonly #tokens: HandedTokens;
  readonly #requests = new Map<string, Underway>();
  /** What each program's client has in the model. */
  readonly #held = new Map<number, Kept | undefined>();
  /** What that of the set-up had after each action. */
  readonly #handed: (Kept | undefined)[] = [];

  constructor(scenario: Scenario, run: Run, settings: ModelSettings, cache: Keeping['cache']) {
    this.#scenario = scenario;
    this.#run = run;
    this.#model = new ReferenceModel(settings);
    this.#states = new KnownStates(run.operations, cache);
    this.#tokens = new HandedTokens(settings.travel);
  }

  async difference(): Promise<Difference | undefined> {
    const { stuck, operations } = this.#run;
    if (stuck !== undefined) return { where: 'The run', expected: 'to come to an end', seen: stuck };
    for (const operation of operations.toSorted((one, other) => orderOf(one) - orderOf(other))) {
      const difference = await this.#step(operation);
      if (difference !== undefined) return { ...difference, where: `${nameOf(operation)}, ${difference.where}` };
      if (operation.program === SET_UP) this.#handed[operation.action] = this.#held.get(SET_UP);
    }
    return this.#compareRecords() ?? this.#compareProbes();
  }

  async #step(operation: Operation): Promise<Difference | undefined> {
    const { program, action: index, outcome } = operation;
    this.#setTime(operation);
    const action = (program === SET_UP ? this.#scenario.setUp : this.#scenario.programs[program])?.[index];
    if (action?.kind === 'request') return this.#stepOf(action, operation);
    if (action?.kind !== 'find' && action?.kind !== 'invalidate') return undefined;
    const id = this.#handed.at(-1)?.id ?? '';
    const expected = await attempt(() => (action.kind === 'find' ? this.#model.find(id) : this.#model.invalidate(id)));
    return compare(`${action.kind}()`, expected.outcome, outcome);
  }

  async #stepOf(request: Request, operation: Operation): Promise<Difference | undefined> {
    const place = `${operation.program}.${operation.action}`;
    if (operation.part === 'load') {
      this.#requests.set(place, { session: this.#load(request, operation) });
      return undefined;
    }
    const underway = this.#requests.get(place);
    if (underway === undefined) throw new RangeError('Cannot judge a request that was not loaded');
    return operation.part === 'commit'
      ? this.#commit(underway, operation)
      : this.#verb(underway, request.verbs[Number(operation.part)], operation);
  }

  #load(request: Request, operation: Operation): ModelSession {
    const token = this.#tokenOf(operation.program, request);
    return this.#model.load(token, this.#states.shownTo(operation), request.id);
  }

  async #verb(
    underway: Underway,
    verb: Request['verbs'][number] | undefined,
    operation: Operation,
  ): Promise<Difference | undefined> {
    if (verb === undefined) throw new RangeError('Cannot judge a verb that no program has');
    const { outcome, error } = await attempt(() => verb.run(underway.session));
    if (verb.isTried !== true) underway.thrown = error;
    this.#states.add(operation, underway.session.kept);
    return compare(verb.text, outcome, operation.outcome);
  }

  #commit({ session, thrown }: Underway, operation: Operation): Difference | undefined {
    const status = session.commit(thrown);
    this.#states.add(operation, session.kept);
    const { message } = session;
    const { program, answer } = operation;
    if (answer === undefined) throw new RangeError('Cannot judge a request without an answer');
    const handed = typeof message === 'object' ? { token: '', id: '' } : message;
    const difference = compare('answer', tellAnswer({ status, handed }), tellAnswer(answer));
    if (difference !== undefined || message === undefined) return difference;
    this.#held.set(program, message === 'cleared' ? undefined : message.token);
    if (message === 'cleared' || typeof answer.handed !== 'object') return undefined;
    return this.#tokens.add(message.token, answer.handed, nameOf(operation));
  }

  #setTime(operation: Operation): void {
    const { ended } = operation;
    const call = decisiveCall(operation);
    this.#model.made = (call?.began ?? ended)?.now ?? 0;
    this.#model.now = ((call?.isChange === true ? call.effect : call?.ended) ?? ended)?.now ?? 0;
  }

  #tokenOf(program: number, { brings }: Request): Kept | undefined {
    if (brings === 'nothing') return undefined;
    if (brings !== undefined) return this.#handed[brings];
    return this.#held.has(program) || program === SET_UP ? this.#held.get(program) : this.#handed.at(-1);
  }

  /** What is stored when all is over: sessions; or by value, the ids of those that have ended. */
  #compareRecords(): Difference | undefined {
    const { now, records } = this.#run;
    Object.assign(this.#model, { now, made: now });
    const { living, ended, settings } = this.#model;
    if (settings.travel === 'by value') return compare('Ids that have ended', ended.size, records.length);
    const kept = living.map((one) => ({ ...one, data: JSON.stringify(one.data) }));
    const told = (all: typeof records): string => {
      const lines = all.map(({ data, idle, absolute }) => `${data} for ${idle - now} ms, at most ${absolute - now} ms`);
      return lines.length === 0 ? 'nothing' : lines.toSorted().join('; ');
    };
    return compare('What is stored at the end', told(kept), told(records));
  }

  /** What every token is worth when all is over. */
  #compareProbes(): Difference | undefined {
    for (const { token, at, data } of this.#run.probes) {
      const known = this.#tokens.find(token);
      const session = this.#model.load(known?.kept);
      const worth = session.isNew ? 'no session' : JSON.stringify(session.data);
      const difference = compare(`The token of ${known?.to} on ${at}, at the end`, worth, data ?? 'no session');
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
}

function nameOf({ program, action, part }: Operation): string {
  const who = program === SET_UP ? 'the set-up' : letterOf(program);
  return `${who}, action ${action + 1}${typeof part === 'number' ? '' : `, ${part}`}`;
}
