import type { Language } from '../preferences/language.js';
import { english } from './english.js';
import { french } from './french.js';
import { german } from './german.js';

/** What the shop says, in one language. */
export type Texts = typeof english;

/** The same in every language; one that lacks a text does not compile. */
export const TEXTS: Readonly<Record<Language, Texts>> = { en: english, de: german, fr: french };
