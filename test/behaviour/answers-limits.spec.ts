import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { handedIn, textOf, valueOf } from './answers/answer.js';
import type { Ticket } from './answers/call.js';
import { Latch } from './answers/latch.js';
import { limits } from './answers/limits.js';
import { pipelined } from './answers/pipelined.js';
import { otherwiseBusy, startSite, type Site } from './answers/site.js';
import { platforms, type Way } from './answers/way.js';

function get(path: string, headers: Record<string, string> = {}): Way {
  return { name: path, path, headers };
}

/** By id, in a cookie and in a header: see answers-limits-by-value.spec.ts for the rest. */
const cells = platforms.flatMap((platform) => [
  [`${platform}, memory`, platform, 'cookie by id'] as const,
  [`${platform}, memory, header by id`, platform, 'header by id'] as const,
]);

describe.each(cells)('%s', (_, platform, travel) => {
  const latch = new Latch();
  let site: Site;
  let journal: string[];
  let logged: number;

  beforeAll(async () => {
    site = await startSite(platform, limits(latch), 'global', travel);
  });
  afterAll(() => site.close());
  beforeEach(() => begin());

  function begin(): void {
    journal = site.storage.begin();
    logged = site.log.length;
    latch.close();
  }
  const complaints = () => site.log.slice(logged).filter((line) => line.includes('ession'));

  /** A client that has a session: one visit is stored. */
  async function visitor(): Promise<Ticket> {
    const ticket = await site.ticket();
    begin();
    return ticket;
  }

  describe('the client leaves before the answer', () => {
    it.each(['/change-then-wait', '/wait-then-change'])(
      'G: client that leaves before the answer: a known session is stored (%s)',
      async (path) => {
        const ticket = await visitor();
        const call = site.send(get(path), ticket);
        await latch.entered;
        const stored = site.storage.hold();
        call.leave();
        latch.open();
        await stored.reached;
        stored.release();
        await otherwiseBusy(site);
        expect(await site.stored(ticket)).toBe(2);
        expect(complaints()).toEqual([]);
      },
    );

    it.each(['/change-then-wait', '/wait-then-change'])(
      'G: client that leaves before the answer: no session begins for it (%s)',
      async (path) => {
        const before = site.storage.size;
        const call = site.send(get(path));
        await latch.entered;
        call.leave();
        latch.open();
        await otherwiseBusy(site);
        await otherwiseBusy(site);
        expect(site.storage.calls).toBe(0);
        expect(site.storage.size).toBe(before);
        expect(complaints()).toEqual([]);
      },
    );
  });

  describe('the client leaves during the answer', () => {
    it('G: client that leaves during a stream: what a known session has changed by then is stored', async () => {
      const ticket = await visitor();
      const call = await begun(get('/stream-leave'), ticket);
      await latch.entered;
      expect(journal).toEqual(['answered']);
      const hold = site.storage.hold();
      call.leave();
      await hold.reached;
      hold.release();
      await otherwiseBusy(site);
      expect(journal).toEqual(['answered', 'stored']);
      expect(await site.stored(ticket)).toBe(2);
      expect(complaints()).toEqual([]);
      latch.open();
    });

    it('G: client that leaves during a stream: no session begins for it', async () => {
      const before = site.storage.size;
      const call = await begun(get('/stream-leave'));
      await latch.entered;
      call.leave();
      await otherwiseBusy(site);
      await otherwiseBusy(site);
      expect(site.storage.size).toBe(before);
      expect(site.storage.calls).toBe(0);
      latch.open();
    });

    it('G: client that leaves while the answer is held: a known session is stored', async () => {
      const ticket = await visitor();
      const hold = site.storage.hold();
      const call = site.send(get('/sent'), ticket);
      await hold.reached;
      call.leave();
      await otherwiseBusy(site);
      hold.release();
      await otherwiseBusy(site);
      expect(await site.stored(ticket)).toBe(2);
      expect(complaints()).toEqual([]);
    });
  });

  describe('a source breaks', () => {
    it('G: source that breaks while the answer is held: nothing of it leaves, and a known session is stored', async () => {
      const ticket = await visitor();
      const hold = site.storage.hold();
      const call = site.send(get('/broken'), ticket);
      await hold.reached;
      latch.open();
      await otherwiseBusy(site);
      expect(call.received()).toBe('');
      hold.release();
      await expect(call.answer).rejects.toThrow('socket hang up');
      expect(await site.stored(ticket)).toBe(2);
      expect(complaints()).toEqual([]);
    });
  });

  describe('a change comes after the first byte', () => {
    it('G: change after the first byte: a known session is stored before the answer ends', async () => {
      const ticket = await visitor();
      const call = await begun(get('/stream-late'), ticket);
      expect(journal).toEqual(['answered']);
      const hold = site.storage.hold();
      let ended = false;
      void call.answer.then(() => (ended = true));
      latch.open();
      await hold.reached;
      await otherwiseBusy(site);
      expect(ended).toBe(false);

      hold.release();
      const answer = await call.answer;
      expect(textOf(answer)).toBe('the answer, in two chunks');
      expect(answer.complete).toBe(true);
      expect(journal).toEqual(['answered', 'stored']);
      expect(await site.stored(ticket)).toBe(2);
      expect(complaints()).toEqual([]);
    });

    it('G: change after the first byte: so is a new session whose cookie has left', async () => {
      const call = await begun(get('/stream'));
      latch.open();
      const answer = await call.answer;
      expect(journal).toEqual(['stored', 'answered', 'stored']);
      expect(await site.stored(site.ticketIn(answer))).toBe(2);
      expect(complaints()).toEqual([]);
    });

    it('G: change after the first byte: a new session is not stored, and the error is logged', async () => {
      const before = site.storage.size;
      const call = await begun(get('/stream-late'));
      latch.open();
      const answer = await call.answer;
      expect(textOf(answer)).toBe('the answer, in two chunks');
      expect(handedIn(answer)).toEqual([]);
      expect(site.storage.size).toBe(before);
      expect(complaints()).toEqual([expect.stringMatching(/^error SessionCommittedError: /)]);
    });

    it('G: change after the first byte: save() of a new session rejects', async () => {
      const before = site.storage.size;
      const answer = await site.ask(get('/save-late'));
      expect(textOf(answer)).toBe('the answer, ERR_SESSION_COMMITTED');
      expect(site.storage.size).toBe(before);
    });

    it('G: change after the first byte: save() of a known session stores', async () => {
      const ticket = await visitor();
      expect(textOf(await site.ask(get('/save-late'), ticket))).toBe('the answer, saved');
      expect(await site.stored(ticket)).toBe(2);
      expect(complaints()).toEqual([]);
    });

    it('G: change after the first byte: a storage that fails is logged, and the answer comes to its end', async () => {
      const ticket = await visitor();
      const call = await begun(get('/stream-late'), ticket);
      site.storage.break();
      latch.open();
      const answer = await call.answer;
      expect(textOf(answer)).toBe('the answer, in two chunks');
      expect(answer.complete).toBe(true);
      expect(await site.stored(ticket)).toBe(1);
      expect(complaints()).toContainEqual(expect.stringMatching(/^error SessionStorageError: /));
    });

    it('G: async @Sse() that changes after its head has left: a known session is stored', async () => {
      const ticket = await visitor();
      const call = await begun(get('/sse'), ticket);
      latch.open();
      expect(textOf(await call.answer)).toContain('the answer');
      expect(journal).toEqual(['answered', 'stored']);
      expect(await site.stored(ticket)).toBe(2);
      expect(complaints()).toEqual([]);
    });

    it('G: async @Sse() that changes after its head has left: a new session is not stored, and the error is logged', async () => {
      const before = site.storage.size;
      const call = await begun(get('/sse'));
      latch.open();
      const answer = await call.answer;
      expect(handedIn(answer)).toEqual([]);
      expect(site.storage.size).toBe(before);
      expect(complaints()).toContainEqual(expect.stringMatching(/^error .*SessionCommittedError: /));
    });

    it('G: change right after @Res() send: a known session is stored', async () => {
      const ticket = await visitor();
      const answer = await site.ask(get('/sent-then-changed'), ticket);
      await otherwiseBusy(site);
      expect(textOf(answer)).toBe('the answer');
      expect(await site.stored(ticket)).toBe(2);
      expect(complaints()).toEqual([]);
    });

    it('G: middleware that changes right after it has answered: a known session is stored', async () => {
      const ticket = await visitor();
      expect(textOf(await site.ask(get('/answered'), ticket))).toBe('the answer');
      await otherwiseBusy(site);
      expect(await site.stored(ticket)).toBe(2);
      expect(complaints()).toEqual([]);
    });

    it('G: middleware that changes right after it has answered: a new session is not stored, and the error is logged', async () => {
      const before = site.storage.size;
      const answer = await site.ask(get('/answered'));
      await otherwiseBusy(site);
      expect(handedIn(answer)).toEqual([]);
      expect(site.storage.size).toBe(before);
      expect(complaints()).toEqual([expect.stringMatching(/^error SessionCommittedError: /)]);
    });

    it('G: change right after @Res() send: a new session is stored with its cookie, or not at all and loudly', async () => {
      const before = site.storage.size;
      const answer = await site.ask(get('/sent-then-changed'));
      await otherwiseBusy(site);
      expect(textOf(answer)).toBe('the answer');
      expect(site.storage.size - before).toBe(handedIn(answer).length);
      expect(complaints()).toHaveLength(1 - handedIn(answer).length);
    });
  });

  describe('a failure that the app hides', () => {
    it('G: interceptor of the app that turns errors into values: a failure to store is none of them', async () => {
      site.storage.break();
      const answer = await site.ask(get('/rescued'));
      expect(answer.status).toBe(503);
      expect(handedIn(answer)).toEqual([]);
    });

    it('G: filter that answers errors with 200: the app has the last word, and no cookie is sent', async () => {
      site.storage.break();
      const before = site.storage.size;
      const answer = await site.ask(get('/filtered'));
      expect(textOf(answer)).toBe('all is well');
      expect(handedIn(answer)).toEqual([]);
      expect(site.storage.size).toBe(before);
    });
  });

  describe('CORS', () => {
    it.each(['/text', '/sent'])('G: CORS: scripts of the origin may read of a failure (%s)', async (path) => {
      site.storage.break();
      const { status, fields } = await site.ask(get(path, { origin: 'https://shop.example' }));
      expect(status).toBe(503);
      expect(valueOf(fields, 'access-control-allow-origin')).toBe('https://shop.example');
      expect(valueOf(fields, 'access-control-expose-headers')).toBe('retry-after');
      expect(valueOf(fields, 'vary')).toContain('Origin');
    });

    it('G: CORS preflight: it costs nothing', async () => {
      const preflight = { origin: 'https://shop.example', 'access-control-request-method': 'GET' };
      const ticket = await visitor();
      const answer = await site.ask({ ...get('/text', preflight), method: 'OPTIONS' }, ticket);
      expect(answer.status).toBe(204);
      expect(handedIn(answer)).toEqual([]);
      expect(site.storage.calls).toBe(0);
    });
  });

  describe('one connection', () => {
    it('G: pipelined requests: the answers keep their order, each after its own session', async () => {
      const hold = site.storage.hold();
      const answers = pipelined(site.port, ['/sent', '/text']);
      await hold.reached;
      await otherwiseBusy(site);
      expect(answers.received()).toBe('');
      hold.release();
      const text = await answers.all;
      expect(text.match(/HTTP\/1\.1 200 OK$/gm)).toHaveLength(2);
      expect(text.match(/^(?:set-cookie: visits=|x-visits: )/gim)).toHaveLength(2);
      expect(journal).toEqual(['stored', 'stored']);
      expect(text.indexOf('lang=en')).toBeLessThan(text.lastIndexOf('the answer'));
    });
  });

  /** Waits for the first byte of an answer. */
  async function begun(way: Way, ticket?: Ticket) {
    let resolve: () => void = () => undefined;
    const answered = new Promise<void>((done) => (resolve = done));
    const call = site.send(way, ticket, () => {
      journal.push('answered');
      resolve();
    });
    await Promise.race([answered, call.answer]);
    return call;
  }
});
