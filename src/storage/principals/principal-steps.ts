import { EPOCH_MEMORY, type AddOptions, type AddResult, type PrincipalEntry } from './principal-index.js';
import { living, raisedFor, told, type PrincipalState } from './principal-state.js';

/** What came of a step, and the state after it. */
export interface Outcome<R> {
  readonly result: R;
  /** `undefined` when it is as before. */
  readonly state?: PrincipalState | undefined;
}

/** How to add a record: `AddOptions`, in a form that does not change while an index waits. */
export interface AddRequest extends Pick<AddOptions, 'expiresAt' | 'limit'> {
  /** When the request began that asks for it, in milliseconds by the index's clock. */
  readonly begunAt: number;
}

/** `PrincipalIndex.add()` as a step from one state to the next; `now` in milliseconds by the index's clock, as below. */
export function add(state: PrincipalState, id: string, request: AddRequest, now: number): Outcome<AddResult> {
  const { expiresAt, begunAt, limit = Infinity } = request;
  const hasBegunSince = begunAt > (raisedFor(state, id) ?? -Infinity) && now - begunAt <= EPOCH_MEMORY;
  if (!hasBegunSince) return { result: { added: false, reason: 'epoch' } };
  const { epoch, entries } = living(state, now);
  const others = entries.filter((entry) => entry.id !== id);
  if (others.length >= limit) return { result: { added: false, reason: 'full', entries: told(others, now) } };
  // JSON knows no Infinity
  const entry = { id, addedAt: now, expiresAt: Math.min(expiresAt, Number.MAX_SAFE_INTEGER) };
  return { result: { added: true, at: now }, state: living({ epoch, entries: [...others, entry] }, now) };
}

/** `PrincipalIndex.holds()`. */
export function holds(state: PrincipalState, id: string, since: number, now: number): boolean {
  const isThere = state.entries.some((entry) => entry.id === id && entry.expiresAt > now);
  return isThere && since > (raisedFor(state, id) ?? -Infinity);
}

/** `PrincipalIndex.remove()`. */
export function remove(state: PrincipalState, id: string, now: number): Outcome<void> {
  const entries = state.entries.filter((entry) => entry.id !== id);
  if (entries.length === state.entries.length) return { result: undefined };
  return { result: undefined, state: living({ epoch: state.epoch, entries }, now) };
}

/** `PrincipalIndex.entries()`. */
export function entriesOf(state: PrincipalState, now: number): readonly PrincipalEntry[] {
  return told(living(state, now).entries, now);
}

/** `PrincipalIndex.raiseEpoch()`. */
export function raiseEpoch(
  state: PrincipalState,
  except: string | undefined,
  now: number,
): Outcome<readonly PrincipalEntry[]> {
  const { epoch, entries } = living(state, now);
  const others = entries.filter(({ id }) => id !== except);
  const raised = {
    // Never back, be it that clocks disagree
    at: Math.max(now, epoch?.at ?? 0),
    // What counted for it before counts on: it may be the very record that another one was to be rid of
    except: except === undefined ? undefined : { id: except, at: raisedFor({ epoch, entries }, except) },
  };
  return { result: told(others, now), state: { epoch: raised, entries } };
}
