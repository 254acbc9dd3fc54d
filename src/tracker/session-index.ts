import { hash } from 'node:crypto';
import type { AddOptions, AddResult, PrincipalEntry, PrincipalIndex } from '../storage/principals/principal-index.js';
import type { TimeLimit } from './time-limit.js';

/** A storage's index of principals, for sessions of one name: others may share it. Each call is limited in time. */
export class SessionIndex {
  readonly #index: PrincipalIndex;
  readonly #name: string;
  readonly #limit: TimeLimit;

  /** @param name the session's */
  constructor(index: PrincipalIndex, name: string, limit: TimeLimit) {
    this.#index = index;
    this.#name = name;
    this.#limit = limit;
  }

  add(principal: string, id: string, options: AddOptions): Promise<AddResult> {
    return this.#limit.waited(id, () => this.#index.add(this.#keyOf(principal), id, options));
  }

  holds(principal: string, id: string, since: number): Promise<boolean> {
    return this.#limit.waited(id, () => this.#index.holds(this.#keyOf(principal), id, since));
  }

  remove(principal: string, id: string): Promise<void> {
    return this.#limit.waited(id, () => this.#index.remove(this.#keyOf(principal), id));
  }

  entries(principal: string): Promise<readonly PrincipalEntry[]> {
    return this.#limit.waited(undefined, () => this.#index.entries(this.#keyOf(principal)));
  }

  raiseEpoch(principal: string, except?: string): Promise<readonly PrincipalEntry[]> {
    return this.#limit.waited(undefined, () => this.#index.raiseEpoch(this.#keyOf(principal), except));
  }

  /** Names a principal as storages name ids; who it is, they need not know. */
  #keyOf(principal: string): string {
    return hash('sha256', JSON.stringify([this.#name, principal]), 'base64url');
  }
}
