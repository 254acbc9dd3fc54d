import type { Data } from './reference-model.js';

/** What verbs are said to: the session of a real request, or the model's. */
export interface Handle {
  data: Data;
  save(): unknown;
  reload(): unknown;
  update(change: (data: Data) => unknown): unknown;
  take(key: string): unknown;
  regenerate(options?: { readonly keep?: 'all' | 'none' | readonly string[] }): unknown;
  destroy(): unknown;
}

/** One thing that a handler does with its session, in reality and in the model. */
export interface Verb {
  readonly text: string;
  /** Whether the handler goes on when it fails. */
  readonly isTried?: boolean;
  run(session: Handle): unknown;
}

/** A request: its session is loaded, its verbs are done one after the other, what is left is committed. */
export interface Request {
  readonly kind: 'request';
  /** On which instance, from 1. */
  readonly at: number;
  readonly verbs: readonly Verb[];
  /** What it brings in place of what its client has: the token of the n-th answer of the set-up, or none. */
  readonly brings?: number | 'nothing';
  /** The id of a session that it begins, where apps name ids. */
  readonly id?: string;
}

/** What a program does: requests of one client, or what is nobody's request. */
export type Action =
  | Request
  /** `SessionsService.find()` or `invalidate()` of the session of the set-up. */
  | { readonly kind: 'find' | 'invalidate'; readonly at: number }
  | { readonly kind: 'advance'; readonly milliseconds: number }
  | { readonly kind: 'sweep' };

/** One client, or one clock, or one administrator: what it does one after the other. */
export type Actions = readonly Action[];

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export const look: Verb = { text: 'look', run: ({ data }) => ({ ...data }) };
export const save: Verb = { text: 'save', run: (session) => session.save() };
export const reload: Verb = { text: 'reload', run: (session) => session.reload() };
export const destroy: Verb = { text: 'destroy', run: (session) => session.destroy() };
export const fail: Verb = {
  text: 'fail',
  run: () => {
    throw new Error('of the handler');
  },
};
export const count: Verb = {
  text: 'update n + 1',
  run: (session) => session.update((data) => void (data['n'] = Number(data['n'] ?? 0) + 1)),
};
export const failingUpdate: Verb = {
  text: 'update, which throws',
  run: (session) =>
    session.update((data) => {
      data['n'] = 'half';
      throw new Error('of the change');
    }),
};

export function set(values: Data): Verb {
  return { text: `set ${Object.keys(values).join(', ')}`, run: ({ data }) => void Object.assign(data, values) };
}

export function remove(key: string): Verb {
  return { text: `remove ${key}`, run: ({ data }) => void delete data[key] };
}

export function replace(data: Data): Verb {
  return {
    text: `replace all by ${Object.keys(data).join(', ')}`,
    run: (session) => void (session.data = { ...data }),
  };
}

export function take(key: string): Verb {
  return { text: `take ${key}`, run: (session) => session.take(key) };
}

export function regenerate(keep: 'all' | 'none' | readonly string[] = 'all'): Verb {
  const text = keep === 'all' ? 'regenerate' : `regenerate, keep ${[keep].flat().join(', ')}`;
  return { text, run: (session) => session.regenerate({ keep }) };
}

/** The same, and whatever it comes to the handler goes on. */
export function tried(verb: Verb): Verb {
  return { ...verb, text: `try to ${verb.text}`, isTried: true };
}

/** A request on an instance. */
export function on(at: number, ...verbs: readonly Verb[]): Request {
  return { kind: 'request', at, verbs };
}

/** The same, with another token than its client has. */
export function bringing(brings: number | 'nothing', request: Request): Request {
  return { ...request, brings };
}

/** The same, where the session that it begins gets this id. */
export function naming(id: string, request: Request): Request {
  return { ...request, id };
}

export function find(at: number): Action {
  return { kind: 'find', at };
}

export function invalidate(at: number): Action {
  return { kind: 'invalidate', at };
}

export function advance(milliseconds: number): Action {
  return { kind: 'advance', milliseconds };
}

export const sweep: Action = { kind: 'sweep' };

/** Says what an action is. */
export function textOf(action: Action): string {
  switch (action.kind) {
    case 'request': {
      const { at, verbs, brings, id } = action;
      const token = brings === undefined ? '' : brings === 'nothing' ? ', without a token' : `, with token ${brings}`;
      return `request on ${at}${token}${id === undefined ? '' : `, id ${id}`}: ${verbs.map(({ text }) => text).join(', ') || 'nothing'}`;
    }
    case 'find':
    case 'invalidate':
      return `${action.kind}() on ${action.at}`;
    case 'advance':
      return `${action.milliseconds / 1000} s pass`;
    case 'sweep':
      return 'sweep()';
    default:
      return action satisfies never;
  }
}
