import { inspect } from 'node:util';
import type { Marks } from './session-marks.js';
import type { RegenerateOptions, Session, SessionFacts } from './session.js';

/** What stands behind a handle. */
export interface SessionWork<Data extends object> extends Omit<Session<Data>, keyof Marks> {
  /** The session's name, for whoever looks at a handle. */
  readonly name: string;
  readonly marks: Marks;
  /** Changes marks. */
  mark(changes: Marks): void;
}

/** What a handler holds: the session's public face, and nothing that it would have to keep to itself. */
export class SessionHandle<Data extends object> implements Session<Data> {
  readonly #work: SessionWork<Data>;

  constructor(work: SessionWork<Data>) {
    this.#work = work;
  }

  get id(): string {
    return this.#work.id;
  }

  get isNew(): boolean {
    return this.#work.isNew;
  }

  get createdAt(): Date {
    return this.#work.createdAt;
  }

  get expiresAt(): Date {
    return this.#work.expiresAt;
  }

  get data(): Data {
    return this.#work.data;
  }

  set data(data: Data) {
    this.#work.data = data;
  }

  get principal(): string | undefined {
    return this.#work.marks.principal;
  }

  set principal(principal: string | undefined) {
    this.#work.mark({ principal });
  }

  get label(): string | undefined {
    return this.#work.marks.label;
  }

  set label(label: string | undefined) {
    this.#work.mark({ label });
  }

  save(): Promise<void> {
    return this.#work.save();
  }

  reload(): Promise<void> {
    return this.#work.reload();
  }

  regenerate(options?: RegenerateOptions<Data>): Promise<void> {
    return this.#work.regenerate(options);
  }

  destroy(): Promise<void> {
    return this.#work.destroy();
  }

  update(change: (data: Data) => unknown): Promise<Data> {
    return this.#work.update(change);
  }

  take<Key extends keyof Data>(key: Key): Promise<Data[Key] | undefined> {
    return this.#work.take(key);
  }

  /** What `JSON.stringify()` shows: public facts, neither secret nor data. */
  toJSON(): SessionFacts & { readonly name: string; readonly isNew: boolean } {
    const { name, id, isNew, createdAt, expiresAt } = this.#work;
    return { name, id, isNew, createdAt, expiresAt };
  }

  [inspect.custom](): string {
    return `Session ${inspect(this.toJSON())}`;
  }
}
