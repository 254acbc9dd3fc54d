import type { Language } from './language.js';

/** What the pages can look like; `auto` is whatever the visitor's system says. */
export const THEMES = ['auto', 'light', 'dark'] as const;

/** One of them. */
export type Theme = (typeof THEMES)[number];

/** The session that remembers how a visitor likes the shop. It lives in the visitor's cookie, and nowhere else. */
export class Preferences {
  theme: Theme = 'auto';
  /** Missing until the visitor chooses one: until then the browser is asked. */
  language?: Language;
}
