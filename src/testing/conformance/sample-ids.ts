/** Ids that every storage takes, each apart from the others. */
export const GOOD_IDS = [
  'a',
  'A',
  '-',
  '_',
  '0',
  '--x',
  'con',
  'a'.repeat(255),
  'A'.repeat(255),
  '__proto__',
  'constructor',
];

/** Texts that no storage takes for an id. */
export const HOSTILE_IDS = [
  '',
  '.',
  '..',
  '../x',
  'a/b',
  'a\\b',
  'a.b',
  'a b',
  'a\u0000',
  '\u0000',
  'ü',
  '%2e',
  'a\n',
  'a'.repeat(256),
  '../'.repeat(1000),
];
