import { ApiClient } from './api-client.js';
import { WebClient } from './web-client.js';

/** What the sign-in form sends. */
export type Credentials = Readonly<Record<'username' | 'password', string>>;

export const ADA: Credentials = { username: 'ada', password: 'notes-on-the-engine' };
export const GRACE: Credentials = { username: 'grace', password: 'a-moth-in-the-relay' };

const MOST_TRIES = 20;

/** Signs in with a fresh browser, and loads the page that this leads to. */
export async function signInBrowser(url: string, user: Credentials, userAgent?: string): Promise<WebClient> {
  const client = new WebClient(url, [], userAgent);
  const { status, location } = await untilTaken(() => client.post('/login', user));
  if (status !== 303 || location === null) throw new Error(`Cannot sign in: the shop said ${status}`);
  await client.get(location);
  return client;
}

/** Signs in with a fresh client of the API. */
export async function signInApp(url: string, user: Credentials): Promise<ApiClient> {
  const client = new ApiClient(url);
  const { status } = await untilTaken(() => client.post('/api/sign-in', user));
  if (status !== 200) throw new Error(`Cannot sign in: the shop said ${status}`);
  return client;
}

/**
 * Tries again what the shop has refused because the user had just signed out everywhere else: a sign-in that begins within the
 * time that the storage takes to answer counts as one that was under way.
 */
async function untilTaken<R extends { readonly status: number }>(attempt: () => Promise<R>): Promise<R> {
  let answer = await attempt();
  for (let tries = 1; answer.status === 409 && tries < MOST_TRIES; tries++) answer = await attempt();
  return answer;
}
