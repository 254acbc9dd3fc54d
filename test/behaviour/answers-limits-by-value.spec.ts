import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { handedIn, textOf, valueOf } from './answers/answer.js';
import type { Call, Ticket } from './answers/call.js';
import { Latch } from './answers/latch.js';
import { limits } from './answers/limits.js';
import { pipelined } from './answers/pipelined.js';
import { otherwiseBusy, startSite, type Site } from './answers/site.js';
import { platforms, type Way } from './answers/way.js';

function get(path: string, headers: Record<string, string> = {}): Way {
  return { name: path, path, headers };
}

/** What is logged when a change comes too late for the head. */
const TOO_LATE = /^error .*SessionCommittedError: /;

/** A session that itself travels: what its answer's head does not hold, nobody holds. */
describe.each(platforms)('%s, cookie by value', (platform) => {
  const latch = new Latch();
  let site: Site;
  let logged: number;

  beforeAll(async () => {
    site = await startSite(platform, limits(latch), 'global', 'cookie by value');
  });
  afterAll(() => site.close());
  beforeEach(() => {
    site.sealing.begin();
    latch.close();
    logged = site.log.length;
  });
  const complaints = (): readonly string[] => site.log.slice(logged).filter((line) => line.includes('ession'));

  /** Waits for the first byte of an answer. */
  async function begun(path: string, ticket: Ticket): Promise<Call> {
    let call: Call | undefined;
    await new Promise<void>((resolve) => (call = site.send(get(path), ticket, resolve)));
    return call as Call;
  }

  /** A client that has no session, and one that has. */
  const clients: readonly (readonly [who: string, ticket: () => Promise<Ticket>])[] = [
    ['a new session', async () => ({})],
    ['a known session', () => site.ticket()],
  ];

  describe.each(clients)('%s', (who, ticketOf) => {
    it(`G: change after the first byte: of ${who} by value it is not handed out, and the error is logged`, async () => {
      const ticket = await ticketOf();
      const call = await begun('/stream-late', ticket);
      latch.open();
      const answer = await call.answer;
      expect(textOf(answer)).toBe('the answer, in two chunks');
      expect(answer.complete).toBe(true);
      expect(handedIn(answer)).toEqual([]);
      expect(complaints()).toEqual([expect.stringMatching(TOO_LATE)]);
    });

    it(`G: change after the first byte: what ${who} by value had before is handed out, what came after is logged`, async () => {
      const ticket = await ticketOf();
      const before = (await site.stored(ticket)) ?? 0;
      const call = await begun('/stream', ticket);
      latch.open();
      const answer = await call.answer;
      expect(textOf(answer)).toBe('the answer, in two chunks');
      expect(await site.stored(site.ticketIn(answer))).toBe(before + 1);
      expect(complaints()).toEqual([expect.stringMatching(TOO_LATE)]);
    });

    it(`G: change after the first byte: save() of ${who} by value rejects`, async () => {
      const answer = await site.ask(get('/save-late'), await ticketOf());
      expect(textOf(answer)).toBe('the answer, ERR_SESSION_COMMITTED');
      expect(handedIn(answer)).toEqual([]);
    });

    it(`G: async @Sse() that changes after its head has left: of ${who} by value nothing is handed out, and the error is logged`, async () => {
      const call = await begun('/sse', await ticketOf());
      latch.open();
      const answer = await call.answer;
      expect(textOf(answer)).toContain('the answer');
      expect(handedIn(answer)).toEqual([]);
      expect(complaints()).toContainEqual(expect.stringMatching(TOO_LATE));
    });

    it.each(['/sent-then-changed', '/answered'])(
      `G: change right after the answer: of ${who} by value it is handed out, or the error is logged (%s)`,
      async (path) => {
        const ticket = await ticketOf();
        const answer = await site.ask(get(path), ticket);
        await otherwiseBusy(site);
        expect(textOf(answer)).toBe('the answer');
        expect(complaints()).toHaveLength(1 - handedIn(answer).length);
        if (path === '/answered') expect(handedIn(answer)).toEqual([]);
      },
    );

    it.each(['/change-then-wait', '/wait-then-change'])(
      `G: client that leaves before the answer: ${who} by value is nobody's loss (%s)`,
      async (path) => {
        const call = site.send(get(path), await ticketOf());
        await latch.entered;
        call.leave();
        latch.open();
        await otherwiseBusy(site);
        await otherwiseBusy(site);
        expect(complaints()).toEqual([]);
      },
    );
  });

  it('G: interceptor of the app that turns errors into values: a session that is too large is none of them', async () => {
    site.sealing.be('large');
    const answer = await site.ask(get('/rescued'));
    expect(answer.status).toBe(500);
    expect(handedIn(answer)).toEqual([]);
  });

  it('G: filter that answers errors with 200: the app has the last word, and a session that is too large is not handed out', async () => {
    site.sealing.be('large');
    const answer = await site.ask(get('/filtered'));
    expect(textOf(answer)).toBe('all is well');
    expect(handedIn(answer)).toEqual([]);
  });

  it.each(['/text', '/sent'])(
    'G: CORS: scripts of the origin may read that a session is too large (%s)',
    async (path) => {
      site.sealing.be('large');
      const { status, fields } = await site.ask(get(path, { origin: 'https://shop.example' }));
      expect(status).toBe(500);
      expect(valueOf(fields, 'access-control-allow-origin')).toBe('https://shop.example');
      expect(valueOf(fields, 'vary')).toContain('Origin');
    },
  );

  it('G: pipelined requests: each answer has its own session by value', async () => {
    const text = await pipelined(site.port, ['/sent', '/text']).all;
    expect(text.match(/HTTP\/1\.1 200 OK$/gm)).toHaveLength(2);
    expect(text.match(/^set-cookie: visits=/gim)).toHaveLength(2);
    expect(text.indexOf('lang=en')).toBeLessThan(text.lastIndexOf('the answer'));
  });
});
