import { randomBytes } from 'node:crypto';
import { SessionsService, type SessionOptions } from 'nest-sessions';
import type { AddressInfo } from 'node:net';
import { idOf } from '../../support/tokens.js';
import { opened, type Travel } from '../../support/travel.js';
import { handedIn, HEADER, NAME, type Answer } from './answer.js';
import { createApp, type Sessions } from './app.js';
import { send, type Call, type Ticket } from './call.js';
import { JournalStorage } from './journal-storage.js';
import { Sealing } from './sealing.js';
import type { Visits } from './visits.js';
import type { Family, Platform, Way } from './way.js';

/** A running app, and what is behind its sessions. */
export interface Site {
  readonly port: number;
  readonly storage: JournalStorage;
  /** What seals its sessions, where they travel by value. */
  readonly sealing: Sealing;
  readonly log: readonly string[];
  /** Sends a request; `onAnswer` is called at the first byte of its answer. */
  send(way: Way, ticket?: Ticket, onAnswer?: () => void): Call;
  /** Sends a request and waits for its answer. */
  ask(way: Way, ticket?: Ticket): Promise<Answer>;
  /** Begins a session: what its client sends from then on. */
  ticket(): Promise<Ticket>;
  /** What a client sends from an answer on. */
  ticketIn(answer: Answer): Ticket;
  /** How many visits are stored for a client, or sealed in what it sends; `undefined` when nothing is. */
  stored(ticket: Ticket): Promise<number | undefined>;
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
export async function startSite(
  platform: Platform,
  family: Family,
  sessions: Sessions,
  travel: Travel = 'cookie by id',
): Promise<Site> {
  const storage = new JournalStorage();
  const key = randomBytes(32).toString('base64url');
  const sealing = new Sealing(key);
  const log: string[] = [];
  const how = {
    'cookie by id': { storage },
    'header by id': { storage, header: HEADER },
    'cookie by value': sealing.options,
  };
  const app = await createApp(platform, family, sessions, how[travel] satisfies SessionOptions, log);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const target = { port, http2: family.http2 === true };
  const service = app.get<SessionsService>(SessionsService);
  const inHeader = travel === 'header by id';
  const tokenOf = (ticket: Ticket): string => ticket[HEADER] ?? ticket['cookie']?.slice(NAME.length + 1) ?? '';
  const site: Site = {
    port,
    storage,
    sealing,
    log,
    send: (way, ticket, onAnswer) => send(target, way, ticket, onAnswer),
    ask: (way, ticket) => send(target, way, ticket).answer,
    ticket: async () => site.ticketIn(await site.ask(START)),
    ticketIn: (answer) => {
      const [token = ''] = handedIn(answer);
      return inHeader ? { [HEADER]: token } : { cookie: `${NAME}=${token}` };
    },
    stored: async (ticket) => {
      const token = tokenOf(ticket);
      if (travel !== 'cookie by value') return (await service.find<Visits>(idOf(token)))?.data.count;
      const carried = opened(token, key, NAME);
      return carried && (JSON.parse(Buffer.from(carried.payload).toString()) as Visits).count;
    },
    close: () => app.close(),
  };
  return site;
}
