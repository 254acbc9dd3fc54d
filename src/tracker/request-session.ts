import { SessionError } from '../errors.js';
import { SessionData, type DataSnapshot } from '../session/session-data.js';
import { SessionHandle, type SessionWork } from '../session/session-handle.js';
import type { Marks } from '../session/session-marks.js';
import type { RegenerateOptions, Session } from '../session/session.js';
import { FailedStates } from './failed-states.js';
import { lossOf } from './loss-of.js';
import { Message } from './message.js';
import { NewStanding } from './new-standing.js';
import type { PresentedSession } from './presented-session.js';
import { RequestLine } from './request-line.js';
import type { Standee, Standing } from './standing.js';
import type { Arrival, Outgoing, Reply, Sending, TrackedSession } from './tracked-session.js';
import type { Tracking } from './tracking.js';
import { UnrotatedStanding } from './unrotated-standing.js';
import { Verbs } from './verbs.js';

/** A session as one request uses it: it stands in some way, and a verb may make it stand in another. */
export class RequestSession<Data extends object> implements TrackedSession, SessionWork<Data>, Standee<Data> {
  readonly handle: Session = new SessionHandle<Data>(this) as Session<object> as Session;
  readonly sessionData: SessionData<Data>;
  readonly presented: string | undefined;
  readonly begunAt: number;
  readonly #tracking: Tracking<Data>;
  readonly #arrival: Arrival;
  readonly #line: RequestLine;
  #standing: Standing<Data>;
  readonly #message = new Message();
  readonly #failed = new FailedStates();
  /** What a handler has begun: the response waits for it, since it may have a token to send. */
  readonly #verbs = new Verbs();
  #touched = false;

  /** @param brought the session that the client brought; `undefined` when it brought none */
  constructor(tracking: Tracking<Data>, arrival: Arrival, brought?: PresentedSession<Data>) {
    this.#tracking = tracking;
    this.#arrival = arrival;
    this.begunAt = arrival.begunAt;
    this.#line = new RequestLine(tracking, arrival.reply, this, brought?.failure);
    this.presented = brought?.presented;
    this.sessionData = brought?.data ?? new SessionData(tracking.settings.shape);
    this.#standing = brought?.stand(this) ?? new NewStanding(this, tracking, arrival.request);
  }

  get name(): string {
    return this.#tracking.settings.name;
  }

  get id(): string {
    return this.#standing.id;
  }

  get isNew(): boolean {
    return this.#standing.isNew;
  }

  get createdAt(): Date {
    return new Date(this.#standing.createdAt);
  }

  get expiresAt(): Date {
    return new Date(this.#standing.expiresAt);
  }

  get data(): Data {
    return this.sessionData.value;
  }

  set data(data: Data) {
    this.sessionData.value = data;
  }

  get marks(): Marks {
    return this.sessionData.marks;
  }

  mark(changes: Marks): void {
    this.#tracking.assertTakes(changes);
    this.sessionData.marks.change(changes);
  }

  get reply(): Reply {
    return this.#arrival.reply;
  }

  get standing(): Standing<Data> {
    return this.#standing;
  }

  get outgoing(): Outgoing {
    return this.#message.outgoing;
  }

  save(): Promise<void> {
    return this.#verb(async () => {
      const snapshot = this.sessionData.snapshot();
      if (snapshot !== undefined) await this.#store(snapshot);
    });
  }

  reload(): Promise<void> {
    return this.#verb(() => this.#standing.reload());
  }

  regenerate(options: RegenerateOptions<Data> = {}): Promise<void> {
    return this.#verb(() => this.#regenerate(options));
  }

  destroy(): Promise<void> {
    return this.#verb(() => this.#standing.destroy());
  }

  update(change: (data: Data) => unknown): Promise<Data> {
    return this.#verb(async () => {
      await this.#standing.update(change);
      return this.sessionData.value;
    });
  }

  take<Key extends keyof Data>(key: Key): Promise<Data[Key] | undefined> {
    return this.#verb(() => this.#standing.take(String(key))) as Promise<Data[Key] | undefined>;
  }

  answeredWith(error: unknown): void {
    this.#failed.answeredWith(error);
  }

  commit(): Promise<void> | undefined {
    if (!this.#verbs.isEmpty) return this.#commitAfterVerbs();
    let snapshot: DataSnapshot | undefined;
    try {
      snapshot = this.sessionData.snapshot();
    } catch (error) {
      if (this.#failed.hasUnserializable) return undefined;
      this.#failed.add('unserializable', error);
      return Promise.reject(error instanceof Error ? error : new Error('Cannot serialize session', { cause: error }));
    }
    if (snapshot === undefined) return this.#touchOnce();
    return this.#failed.has(snapshot) ? undefined : this.#commit(snapshot);
  }

  become(standing: Standing<Data>): void {
    this.#standing = standing;
    this.#message.drop();
  }

  becomeNew(): void {
    this.sessionData.reset(undefined);
    this.become(new NewStanding(this, this.#tracking, this.#arrival.request));
  }

  send(value: string, sending: Sending): void {
    this.#message.send(value, sending);
  }

  clear(): void {
    this.#message.clear();
  }

  /** A change whose new secret could not be stored must not be stored under the old one. */
  async #regenerate(options: RegenerateOptions<Data>): Promise<void> {
    try {
      await this.#standing.regenerate(options);
    } catch (error) {
      if (this.#standing.isOpen) {
        this.#message.dropUnlessOwed();
        this.#standing = new UnrotatedStanding(this, this.#standing);
      }
      throw error;
    }
  }

  /** Of verbs that nobody has waited for, nobody else will learn that one has failed. */
  async #commitAfterVerbs(): Promise<void> {
    try {
      await this.#verbs.done();
    } catch (error) {
      this.answeredWith(error);
      throw error;
    }
    await this.commit();
  }

  async #commit(snapshot: DataSnapshot): Promise<void> {
    let tried = snapshot;
    try {
      await this.#line.inLine(async (waited) => {
        const current = waited ? this.sessionData.snapshot() : snapshot;
        if (current === undefined) return;
        tried = current;
        await this.#storeOnce(current);
      });
    } catch (error) {
      this.#failed.add(tried, error);
      if (lossOf(error, this.reply) === undefined) throw error;
    }
  }

  /** Stores a state; one that could not be stored, as who stood before in the line has found out, is not tried again. */
  async #storeOnce(snapshot: DataSnapshot): Promise<void> {
    this.#failed.rethrow(snapshot);
    try {
      await this.#store(snapshot);
      this.#failed.forget();
    } catch (error) {
      this.#failed.add(snapshot, error);
      const reason = lossOf(error, this.reply);
      if (reason !== undefined) this.#tracking.observe({ type: 'refused', id: this.id, reason });
      throw error;
    }
  }

  async #store(snapshot: DataSnapshot): Promise<void> {
    await this.#standing.commit(snapshot);
    // That was a use: nothing is left to touch
    this.#touched = true;
  }

  #verb<R>(work: () => Promise<R>): Promise<R> {
    return this.#verbs.begin(this.#remembered(work));
  }

  async #remembered<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await this.#line.inLine(work);
    } catch (error) {
      if (error instanceof SessionError) this.#failed.addUnsaved(this.sessionData.unstored(), error);
      throw error;
    }
  }

  #touchOnce(): Promise<void> | undefined {
    if (this.#touched) return undefined;
    this.#touched = true;
    const { refreshes } = this.#standing;
    const touch = this.#standing.touch();
    if (touch === undefined) return undefined;
    const quiet = touch.catch((error: unknown) => {
      // A transformer that fails is the app's mistake
      if (!(error instanceof SessionError)) throw error;
      this.#line.notice(error);
    });
    if (refreshes && this.reply.state === 'open') return quiet;
    void this.#tracking.underway.add(quiet);
    return undefined;
  }
}
