/** What is known of a session beside its data; a name that is there with `undefined` is one that was removed. */
export interface Marks {
  /** Whose it is. */
  readonly principal?: string | undefined;
  /** What its client is called, for who sees a list of their sessions. */
  readonly label?: string | undefined;
}

/** The most characters of a mark. */
const LONGEST = 255;
const NAMES = ['principal', 'label'] as const satisfies readonly (keyof Marks)[];

/** No mark, or no change of one. */
export const NO_MARKS: Marks = Object.freeze({});

/** Whether marks, or changes of them, are the same. */
export function sameMarks(one: Marks, other: Marks): boolean {
  return one === other || NAMES.every((name) => name in one === name in other && one[name] === other[name]);
}

/** Whether marks are as changes want them. */
export function isMarked(marks: Marks, changes: Marks): boolean {
  return changes === NO_MARKS || differing(changes, marks) === NO_MARKS;
}

/** The marks of a session: as they are stored, and what of them is to be stored. */
export class SessionMarks {
  #stored: Marks;
  #changes = NO_MARKS;

  constructor(stored: Marks) {
    this.#stored = stored;
  }

  get principal(): string | undefined {
    return valueOf('principal', this.#changes, this.#stored);
  }

  get label(): string | undefined {
    return valueOf('label', this.#changes, this.#stored);
  }

  /** What is not stored yet; `NO_MARKS` when that is nothing. */
  get changes(): Marks {
    return this.#changes;
  }

  /** @throws {TypeError} when a mark is no text of 1 to 255 characters */
  change(changes: Marks): void {
    for (const name of NAMES) if (name in changes) assertMark(name, changes[name]);
    this.#changes = differing({ ...this.#changes, ...changes }, this.#stored);
  }

  /**
   * Takes over what was stored, which changes that were `taken` are part of; what was changed since they were taken stays to be
   * stored, also what was changed back.
   */
  rebase(stored: Marks, taken: Marks): void {
    const before = this.#stored;
    this.#stored = stored;
    if (taken === NO_MARKS && this.#changes === NO_MARKS) return;
    const late = differing(changed(before, this.#changes), changed(before, taken));
    this.#changes = differing(late, stored);
  }

  /** Takes what is stored, and drops what was to be. */
  reset(stored: Marks): void {
    this.#stored = stored;
    this.#changes = NO_MARKS;
  }
}

/** Marks with changes of them. */
function changed(marks: Marks, changes: Marks): Marks {
  return { principal: valueOf('principal', changes, marks), label: valueOf('label', changes, marks) };
}

function valueOf(name: keyof Marks, changes: Marks, stored: Marks): string | undefined {
  return name in changes ? changes[name] : stored[name];
}

/** Those of the changes that are some. */
function differing(changes: Marks, stored: Marks): Marks {
  const names = NAMES.filter((name) => name in changes && changes[name] !== stored[name]);
  return names.length === 0 ? NO_MARKS : Object.fromEntries(names.map((name) => [name, changes[name]]));
}

function assertMark(name: keyof Marks, value: unknown): void {
  if (value === undefined) return;
  if (typeof value === 'string' && value !== '' && value.length <= LONGEST) return;
  throw new TypeError(`Cannot set ${name} of session: it must be a text of 1 to ${LONGEST} characters, or undefined`);
}
