/** The sign-in page shows these; a real shop has a sign-up instead, and never a password in its source. */
export const DEMO_USERS = [
  { id: 'u1', username: 'ada', name: 'Ada', password: 'notes-on-the-engine' },
  { id: 'u2', username: 'grace', name: 'Grace', password: 'a-moth-in-the-relay' },
] as const;
