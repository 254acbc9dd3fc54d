import { expect } from 'vitest';
import type { Fault, FaultyVerb, ManualClock } from 'nest-sessions/testing';
import type { Answer, Client } from '../client.js';
import type { Kept, Message, ModelSession, ReferenceModel } from '../explorer/reference-model.js';
import type { Instance } from '../world.js';
import type { OpenRequest, OpenRequests } from './open-request.js';

/** What the model knows: sessions, what each client keeps, and requests under way. */
export interface Modelled {
  readonly sessions: ReferenceModel;
  /** By the client's number; none: it keeps nothing. */
  readonly tokens: Map<number, Kept>;
  /** How many requests there were. */
  count: number;
  /** By the request's number. */
  readonly open: Map<number, { readonly client: number; readonly session: ModelSession }>;
}

/** The same for real: the nodes of an app. */
export interface Real {
  readonly nodes: readonly Instance[];
  /** What marks the state of a record, past the app; `undefined` where there is none. */
  version(id: string): Promise<string | undefined>;
  readonly clock: ManualClock;
  readonly requests: OpenRequests;
  readonly clients: readonly Client[];
  readonly open: Map<number, { readonly node: Instance; readonly request: OpenRequest }>;
}

/** What goes wrong with one call of the storage. */
export interface PlannedFault {
  readonly verb: FaultyVerb;
  readonly fault: Fault;
}

/** What became of it. */
export type Met = 'nothing' | 'failed' | 'failed after effect';

/** Does something with a session while a call of the storage may go wrong; tells whether it did. */
export async function meeting<R>(
  real: Real,
  node: Instance,
  id: string,
  planned: PlannedFault | undefined,
  work: () => Promise<R>,
): Promise<{ readonly result: R; readonly met: Met }> {
  if (planned === undefined) return { result: await work(), met: 'nothing' };
  const { verb, fault } = planned;
  const before = await real.version(id);
  let isMet = false;
  const happens = node.faults.set(verb, fault, { times: 1 });
  node.faults.onFault = () => (isMet = true);
  if (fault === 'hang') void happens.then(() => real.clock.advance(5_000));
  const result = await work();
  node.faults.mend();
  if (!isMet) return { result, met: 'nothing' };
  return { result, met: (await real.version(id)) === before ? 'failed' : 'failed after effect' };
}

/** Lets the model's time be that of the clock. */
export function tick({ sessions }: Modelled, { clock }: Real): void {
  sessions.now = sessions.made = clock.now();
}

/** Compares an answer with what the model says, and lets the client keep what it was handed. */
export function arrive(model: Modelled, real: Real, client: number, answer: Answer, expected: Expected): void {
  const { status, message } = expected;
  const told = message === undefined ? [] : [message === 'cleared'];
  expect({ status: answer.status, cleared: answer.handed.map(({ isCleared }) => isCleared) }).toEqual({
    status,
    cleared: told,
  });
  const { tokens } = real.clients[client]!;
  for (const { name, value, isCleared } of answer.handed) {
    if (isCleared) tokens.delete(name);
    else tokens.set(name, value);
  }
  if (message === 'cleared') model.tokens.delete(client);
  else if (message !== undefined) model.tokens.set(client, message.token);
}

/** What the model says of an answer. */
export interface Expected {
  readonly status: number;
  readonly message: Message;
}

/** An answer that tells of a storage that failed: it hands out nothing but what its client would be lost without. */
export function unavailable(message: Message): Expected {
  return { status: 503, message: typeof message === 'object' && message.isOwed ? message : undefined };
}
