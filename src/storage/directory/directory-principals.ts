import type { Clock } from '../../common/clock.js';
import { KeyedLine, MAX_IN_LINE } from '../../common/keyed-line.js';
import { SessionStorageError } from '../../errors.js';
import { assertStorageId } from '../assert-storage-id.js';
import { assertPrincipal } from '../principals/assert-principal.js';
import type { AddOptions, AddResult, PrincipalEntry, PrincipalIndex } from '../principals/principal-index.js';
import type { PrincipalState } from '../principals/principal-state.js';
import * as steps from '../principals/principal-steps.js';
import { again } from './again.js';
import type { PrincipalFile } from './principal-file.js';

/** One step from the state that is there to the next, at an instant. */
type Step<R> = (state: PrincipalState, now: number) => steps.Outcome<R>;

/**
 * The index of a `DirectoryStorage`: a file for each principal that has something in it. A step reads it and writes the next
 * one, on the condition that nobody was faster; else it begins anew. So it is one step for all processes of the machine, and
 * one that was stopped in the middle changes nothing when it goes on. Those of one process stand in line.
 */
export class DirectoryPrincipals implements PrincipalIndex {
  readonly #fileOf: (principal: string, isWritten: boolean) => Promise<PrincipalFile>;
  readonly #clock: Clock;
  readonly #line = new KeyedLine();

  /** @param fileOf gives the file of a principal; if it is to be written, where there is room for it */
  constructor(fileOf: (principal: string, isWritten: boolean) => Promise<PrincipalFile>, clock: Clock) {
    this.#fileOf = fileOf;
    this.#clock = clock;
  }

  async add(principal: string, id: string, { begunAgo, ...options }: AddOptions): Promise<AddResult> {
    assertPrincipal(principal);
    assertStorageId(id);
    // As of now: later, after others, it would seem to have begun later than it has
    const request = { ...options, begunAt: this.#clock.now() - begunAgo };
    const result = await this.#take(principal, (state, now) => steps.add(state, id, request, now));
    // What the disk took is no part of the request's age
    return result.added ? { added: true, at: this.#clock.now() } : result;
  }

  async holds(principal: string, id: string, since: number): Promise<boolean> {
    assertPrincipal(principal);
    assertStorageId(id);
    return steps.holds(await this.#read(principal), id, since, this.#clock.now());
  }

  async remove(principal: string, id: string): Promise<void> {
    assertPrincipal(principal);
    assertStorageId(id);
    return this.#take(principal, (state, now) => steps.remove(state, id, now));
  }

  async entries(principal: string): Promise<readonly PrincipalEntry[]> {
    assertPrincipal(principal);
    return steps.entriesOf(await this.#read(principal), this.#clock.now());
  }

  async raiseEpoch(principal: string, except?: string): Promise<readonly PrincipalEntry[]> {
    assertPrincipal(principal);
    if (except !== undefined) assertStorageId(except);
    return this.#take(principal, (state, now) => steps.raiseEpoch(state, except, now));
  }

  async #read(principal: string): Promise<PrincipalState> {
    const file = await this.#fileOf(principal, false);
    return (await file.read()).state;
  }

  async #take<R>(principal: string, step: Step<R>): Promise<R> {
    if (this.#line.length(principal) > MAX_IN_LINE) {
      throw new SessionStorageError(`Cannot change principal: more than ${MAX_IN_LINE} changes wait`);
    }
    await this.#line.enter(principal);
    try {
      return await this.#takeInLine(principal, step);
    } finally {
      this.#line.leave(principal);
    }
  }

  async #takeInLine<R>(principal: string, step: Step<R>): Promise<R> {
    const { path } = await this.#fileOf(principal, false);
    const taken = await again(async () => {
      const file = await this.#fileOf(principal, false);
      const seen = await file.read();
      const { result, state } = step(seen.state, this.#clock.now());
      if (state === undefined) return { result };
      const target = seen.version === undefined ? await this.#fileOf(principal, true) : file;
      return (await target.replace(seen, state)) ? { result } : undefined;
    }, `Cannot change principal: others change it all the time, or what is stored of it has lost its bytes: remove ${path} then`);
    return taken.result;
  }
}
