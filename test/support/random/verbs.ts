import fc from 'fast-check';
import type { Session } from 'nest-sessions';
import type { Data, ModelSession } from '../explorer/reference-model.js';
import type { Bag } from '../routes.js';

/** What a handler may do with its session, for real and in the model. */
export interface Verb {
  readonly name: string;
  /** Whether its failure closes the session to its request. */
  readonly closes?: boolean;
  real(session: Session<Bag>): unknown;
  model(session: ModelSession): unknown;
}

/** The same on both sides. */
function onData(name: string, change: (session: { data: Data }) => void): Verb {
  return { name, real: change, model: change };
}

function called(name: 'save' | 'reload' | 'destroy'): Verb {
  return { name: `${name}()`, real: (session) => session[name](), model: (session) => session[name]() };
}

function updating(name: string, change: (data: Data) => void): Verb {
  return {
    name: `update(${name})`,
    real: (session) => session.update(change),
    model: (session) => session.update(change),
  };
}

function taking(key: string): Verb {
  return { name: `take(${key})`, real: (session) => session.take(key), model: (session) => session.take(key) };
}

function regenerating(keep: 'all' | 'none' | readonly string[]): Verb {
  const name = `regenerate(${String(keep)})`;
  return {
    name,
    closes: true,
    real: (session) => session.regenerate({ keep }),
    model: (session) => session.regenerate({ keep }),
  };
}

const key = fc.constantFrom('a', 'b');
const value = fc.integer({ min: 0, max: 2 });

/** Any verb. */
export const anyVerb: fc.Arbitrary<Verb> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(key, value).map(([k, v]) => onData(`data.${k} = ${v}`, ({ data }) => void (data[k] = v))),
  },
  key.map((k) => onData(`delete data.${k}`, ({ data }) => void delete data[k])),
  value.map((v) => onData(`data = { c: ${v} }`, (session) => void (session.data = { c: v }))),
  value.map((v) => onData(`data.list.push(${v})`, ({ data }) => void ((data['list'] ??= []) as unknown[]).push(v))),
  fc.constantFrom(called('save'), called('reload'), called('destroy')),
  fc.constantFrom(
    updating('n++', (data) => void (data['n'] = ((data['n'] as number | undefined) ?? 0) + 1)),
    updating('nothing', () => {}),
    updating('throws', () => {
      throw new Error('of the change');
    }),
  ),
  key.map(taking),
  fc.constantFrom('all' as const, 'none' as const, ['a']).map(regenerating),
);
