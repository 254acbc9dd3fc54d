import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../common/clock.js';
import { assertStorageId } from '../assert-storage-id.js';
import { assertPrincipal } from './assert-principal.js';
import type { AddOptions, AddResult, PrincipalEntry, PrincipalIndex } from './principal-index.js';
import { endOf, living, NO_STATE, type PrincipalState } from './principal-state.js';
import * as steps from './principal-steps.js';

/** After how many principals a sweep lets others work. */
const SLICE = 5_000;

/**
 * The index of records that are in this process. It ends with them: an entry goes with its record, so that it takes no more
 * room than that. One whose record was never written goes at its expiry.
 */
export class MemoryPrincipals implements PrincipalIndex {
  readonly #clock: Clock;
  /** None of them is empty. */
  readonly #states = new Map<string, PrincipalState>();
  /** Under which principals a record has an entry: one, but for the moment in which it goes from one to another. */
  readonly #principalsOf = new Map<string, readonly string[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many principals, records and entries of these it knows; what has expired and was not swept yet included. */
  get size(): number {
    const links = [...this.#principalsOf.values()].flat().length;
    return this.#states.size + this.#principalsOf.size + links;
  }

  async add(principal: string, id: string, { begunAgo, ...options }: AddOptions): Promise<AddResult> {
    assertPrincipal(principal);
    assertStorageId(id);
    const now = this.#clock.now();
    const request = { ...options, begunAt: now - begunAgo };
    const { result, state } = steps.add(this.#current(principal, now), id, request, now);
    this.#keep(principal, state);
    // One that has expired already is not kept
    if (state?.entries.at(-1)?.id === id) this.#link(id, principal);
    else if (result.added) this.#unlink(id, principal);
    return result;
  }

  async holds(principal: string, id: string, since: number): Promise<boolean> {
    assertPrincipal(principal);
    assertStorageId(id);
    const now = this.#clock.now();
    return steps.holds(this.#current(principal, now), id, since, now);
  }

  async remove(principal: string, id: string): Promise<void> {
    assertPrincipal(principal);
    assertStorageId(id);
    this.#remove(principal, id);
  }

  async entries(principal: string): Promise<readonly PrincipalEntry[]> {
    assertPrincipal(principal);
    const now = this.#clock.now();
    return steps.entriesOf(this.#current(principal, now), now);
  }

  async raiseEpoch(principal: string, except?: string): Promise<readonly PrincipalEntry[]> {
    assertPrincipal(principal);
    if (except !== undefined) assertStorageId(except);
    const now = this.#clock.now();
    const { result, state } = steps.raiseEpoch(this.#current(principal, now), except, now);
    this.#keep(principal, state);
    return result;
  }

  /** Lets the entries go of a record that is gone. */
  recordLeft(id: string): void {
    for (const principal of this.#principalsOf.get(id) ?? []) this.#remove(principal, id);
  }

  /** Lets everything go that has expired. */
  async sweep(): Promise<void> {
    let seen = 0;
    for (const principal of this.#states.keys()) {
      this.#current(principal, this.#clock.now());
      if (++seen % SLICE === 0) await setImmediate();
    }
  }

  #remove(principal: string, id: string): void {
    const now = this.#clock.now();
    const { state } = steps.remove(this.#current(principal, now), id, now);
    this.#keep(principal, state);
    if (state !== undefined) this.#unlink(id, principal);
  }

  /** What is kept of a principal, without what is over. */
  #current(principal: string, now: number): PrincipalState {
    const before = this.#states.get(principal) ?? NO_STATE;
    const state = living(before, now);
    if (state === before) return state;
    for (const { id, expiresAt } of before.entries) if (expiresAt <= now) this.#unlink(id, principal);
    this.#keep(principal, state);
    return state;
  }

  #keep(principal: string, state: PrincipalState | undefined): void {
    if (state === undefined) return;
    if (endOf(state) === 0) this.#states.delete(principal);
    else this.#states.set(principal, state);
  }

  #link(id: string, principal: string): void {
    const known = this.#principalsOf.get(id) ?? [];
    if (!known.includes(principal)) this.#principalsOf.set(id, [...known, principal]);
  }

  #unlink(id: string, principal: string): void {
    const left = this.#principalsOf.get(id)?.filter((known) => known !== principal) ?? [];
    if (left.length === 0) this.#principalsOf.delete(id);
    else this.#principalsOf.set(id, left);
  }
}
