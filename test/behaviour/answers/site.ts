import { SessionsService } from 'nest-sessions';
import type { AddressInfo } from 'node:net';
import { NAME, sessionCookiesOf, type Answer } from './answer.js';
import { createApp, type Sessions } from './app.js';
import { send, type Call } from './call.js';
import { JournalStorage } from './journal-storage.js';
import type { Visits } from './visits.js';
import type { Family, Platform, Way } from './way.js';

/** A running app, and the storage behind its sessions. */
export interface Site {
  readonly port: number;
  readonly storage: JournalStorage;
  readonly log: readonly string[];
  /** Sends a request; `onAnswer` is called at the first byte of its answer. */
  send(way: Way, cookie?: string, onAnswer?: () => void): Call;
  /** Sends a request and waits for its answer. */
  ask(way: Way, cookie?: string): Promise<Answer>;
  /** Begins a session: the cookie that a client sends from then on. */
  cookie(): Promise<string>;
  /** What is stored for a cookie; `undefined` when nothing is. */
  stored(cookie: string): Promise<number | undefined>;
  close(): Promise<void>;
}

/** A request that has nothing to do with sessions. */
const BYSTANDER: Way = { name: 'bystander', path: '/bystander' };
const START: Way = { name: 'start', path: '/start' };

/** Waits until the app has had every occasion to answer: a whole exchange on another connection passes, twice. */
export async function otherwiseBusy(site: Site): Promise<void> {
  await site.ask(BYSTANDER);
  await site.ask(BYSTANDER);
}

/** Starts an app. */
export async function startSite(platform: Platform, family: Family, sessions: Sessions): Promise<Site> {
  const storage = new JournalStorage();
  const log: string[] = [];
  const app = await createApp(platform, family, sessions, storage, log);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const target = { port, http2: family.http2 === true };
  const service = app.get<SessionsService>(SessionsService);
  const site: Site = {
    port,
    storage,
    log,
    send: (way, cookie, onAnswer) => send(target, way, cookie, onAnswer),
    ask: (way, cookie) => send(target, way, cookie).answer,
    cookie: async () => cookieIn(await site.ask(START)),
    stored: async (cookie) => (await service.find<Visits>(idIn(cookie)))?.data.count,
    close: () => app.close(),
  };
  return site;
}

/** The cookie as a client sends it back. */
export function cookieIn(answer: Answer): string {
  return sessionCookiesOf(answer)[0]?.split(';')[0] ?? '';
}

function idIn(cookie: string): string {
  return cookie.slice(NAME.length + 1).split('.')[0] ?? '';
}
