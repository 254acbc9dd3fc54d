import type { Texts } from '../texts/texts.js';

/** A message that the next page shows, once, in the language that it is in by then. */
export interface Flash {
  readonly kind: 'notice' | 'error';
  readonly text: keyof Texts['flash'];
  /** What it is about, where it is about something. */
  readonly about?: string;
}

/** The session of a visitor. Its `principal` is the user who is signed in; nothing else says who it is. */
export class Visitor {
  flash?: Flash;
}
