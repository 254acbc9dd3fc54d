import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { SessionStorageError } from '../errors.js';
import type { Outgoing, Reply, TrackedSession } from '../tracker/tracked-session.js';
import type { Delivery, ResponseHeaders } from '../transport/session-transport.js';
import { addVary, keepOut, keepPrivate } from './cache-headers.js';
import { failureOf, RETRY_AFTER } from './failure.js';
import type { RegisteredSession } from './registered-session.js';
import { gate, isGated, type FailureAnswer, type GateHooks, type RawResponse } from './response-gate.js';

/** The raw Node request under a platform's own. */
export type RawRequest = IncomingMessage | Http2ServerRequest;

/** Where an exchange tells of what went wrong and cannot be told to the client. */
export interface ExchangeLog {
  /** A commit failed, and the response's gate answered in the app's place. */
  failed(error: unknown): void;
  /** A commit failed after the response's head had left. */
  late(error: unknown): void;
}

/** A session's place in one exchange. */
interface Slot {
  readonly registered: RegisteredSession;
  readonly loading: Promise<TrackedSession>;
  tracked: TrackedSession | undefined;
}

/**
 * One request and its response: loads the sessions that somebody asks for, each once, commits them before the first byte
 * leaves, and puts into the response's head what their clients have to know.
 */
export class Exchange implements GateHooks, Reply {
  readonly #raw: RawRequest;
  readonly #response: RawResponse;
  readonly #log: ExchangeLog;
  readonly #slots: Slot[] = [];
  #request: object;
  #isAttached = false;
  #begun = false;
  #outage = false;
  #failed = false;

  constructor(raw: RawRequest, request: object, response: RawResponse, log: ExchangeLog) {
    this.#raw = raw;
    this.#request = request;
    this.#response = response;
    this.#log = log;
  }

  get state(): Reply['state'] {
    if (this.#begun) return 'begun';
    return this.#isGone() ? 'gone' : 'open';
  }

  /** Learns the platform's request, when the exchange began with the raw one. */
  know(request: object): void {
    if (!('protocol' in this.#request)) this.#request = request;
  }

  /**
   * Loads a session, once a request.
   *
   * @throws {SessionStorageError}
   */
  load(registered: RegisteredSession): Promise<TrackedSession> {
    const slot = this.#slot(registered);
    if (slot !== undefined) return slot.loading;
    this.#attach();
    const values = registered.transport.receive(this.#raw.headers);
    const loading = registered.tracker.load(values, { request: this.#request, reply: this });
    const created: Slot = { registered, loading, tracked: undefined };
    this.#slots.push(created);
    loading.then(
      (tracked) => (created.tracked = tracked),
      (error: unknown) => {
        if (error instanceof SessionStorageError) this.outage();
      },
    );
    return loading;
  }

  /** A session that is loaded already; `undefined` if it is not. */
  loaded(registered: RegisteredSession): TrackedSession | undefined {
    return this.#slot(registered)?.tracked;
  }

  commit(): Promise<void> | undefined {
    let commits: Promise<void>[] | undefined;
    for (const { tracked } of this.#slots) {
      const commit = tracked?.commit();
      if (commit !== undefined) (commits ??= []).push(commit);
    }
    return commits && this.#all(commits);
  }

  /** Is told of an error that the app is going to answer with. */
  answeredWith(error: unknown): void {
    if (error instanceof SessionStorageError) {
      this.outage();
      // The app may have asked a storage without a session of this request. Another app's gate stays
      if (!isGated(this.#response)) this.#attach();
    }
    for (const { tracked } of this.#slots) tracked?.answeredWith(error);
  }

  head(response: RawResponse, status: number): void {
    const headers: ResponseHeaders = response;
    const secure = this.#isSecure();
    const isOutage = status === 503 && this.#outage;
    const isFailure = this.#failed || isOutage;
    for (const { registered, tracked } of this.#slots) {
      if (tracked === undefined) continue;
      const { outgoing, presented } = tracked;
      if (presented !== undefined) {
        for (const name of registered.transport.vary) addVary(headers, name);
        keepPrivate(headers);
      }
      if (isFailure && !isOwed(outgoing)) continue;
      announce(registered, outgoing, headers, { secure, request: this.#raw.headers, presented });
    }
    if (isOutage && headers.getHeader('Retry-After') === undefined) headers.setHeader('Retry-After', RETRY_AFTER);
    this.#begun = true;
  }

  failure(error: unknown): FailureAnswer {
    this.#log.failed(error);
    return failureOf(error);
  }

  late(error: unknown): void {
    this.#log.late(error);
  }

  outage(): void {
    this.#outage = true;
  }

  #slot(registered: RegisteredSession): Slot | undefined {
    return this.#slots.find((slot) => slot.registered === registered);
  }

  /** Waits for all, then tells of the first error: no commit is left behind. */
  async #all(commits: readonly Promise<void>[]): Promise<void> {
    const results = await Promise.allSettled(commits);
    const failed = results.find((result) => result.status === 'rejected');
    this.#failed = failed !== undefined;
    if (failed !== undefined) throw failed.reason;
  }

  /** Puts the response behind the gate, once. */
  #attach(): void {
    if (this.#isAttached) return;
    this.#begun = this.#response.headersSent;
    gate(this.#response, this);
    this.#isAttached = true;
  }

  #isSecure(): boolean {
    // As the platform's proxy setting sees it
    if ('protocol' in this.#request) return this.#request.protocol === 'https';
    return 'encrypted' in this.#raw.socket && this.#raw.socket.encrypted;
  }

  #isGone(): boolean {
    return this.#response.destroyed || ('stream' in this.#response && this.#response.stream.destroyed);
  }
}

/** Whether even an answer that says that storing failed has to tell it: without the new secret its client is lost. */
function isOwed(outgoing: Outgoing): boolean {
  return typeof outgoing === 'object' && outgoing.sending === 'always';
}

function announce(
  { transport }: RegisteredSession,
  outgoing: Outgoing,
  headers: ResponseHeaders,
  delivery: Delivery,
): void {
  if (outgoing === undefined) return;
  const isTold =
    outgoing === 'clear' ? transport.clear(headers, delivery) : transport.send(headers, outgoing.value, delivery);
  if (isTold) keepOut(headers);
}
