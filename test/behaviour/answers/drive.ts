import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  appCookiesOf,
  contentOf,
  cookiesOf,
  handedIn,
  HEADER,
  textOf,
  valueOf,
  withKnownSession,
  withNewSession,
  type Answer,
} from './answer.js';
import type { Travel } from '../../support/travel.js';
import type { Sessions } from './app.js';
import { otherwiseBusy, startSite, type Site } from './site.js';
import { platforms, waysOn, type Family, type Platform, type Way } from './way.js';

/** Asserts for each way to answer, on both platforms, what must hold for all of them, however sessions travel. */
export function drive(family: Family, mode: Mode = 'global'): void {
  const having = platforms.filter((platform) => waysOn(platform, family).length > 0);
  describe.each(having)('%s', (platform) => {
    let plain: Site;

    beforeAll(async () => {
      plain = await startSite(platform, family, 'none');
    });
    afterAll(() => plain.close());

    const driven: Driven = { platform, family, mode, plain: () => plain };
    describe('memory', () => byIdInCookie(driven));
    describe('memory, header by id', () => byIdInHeader(driven));
    describe('cookie by value', () => byValue(driven));
  });
}

type Mode = Exclude<Sessions, 'none'>;

/** What is driven: ways to answer on a platform, beside the same app without sessions. */
interface Driven {
  readonly platform: Platform;
  readonly family: Family;
  readonly mode: Mode;
  plain(): Site;
}

/** The app whose sessions travel in a way; what a test before has broken in it works again. */
function siteOf({ platform, family, mode }: Driven, travel: Travel): () => Site {
  let site: Site;
  beforeAll(async () => {
    site = await startSite(platform, family, mode, travel);
  });
  afterAll(() => site.close());
  beforeEach(() => {
    site.storage.begin();
    site.sealing.begin();
  });
  return () => site;
}

function titleOf(way: Way, mode: Mode): string {
  return mode === 'global' ? way.name : `${way.name}, interceptor '${mode}'`;
}

/** All of it: by id, in a cookie. */
function byIdInCookie(driven: Driven): void {
  const { platform, family, mode } = driven;
  const siteIn = siteOf(driven, 'cookie by id');
  let site: Site;
  let plain: Site;
  let journal: string[];
  beforeEach(() => {
    [site, plain] = [siteIn(), driven.plain()];
    journal = site.storage.begin();
  });

  for (const way of waysOn(platform, family)) {
    const title = titleOf(way, mode);

    it(`G: ${title}: nothing leaves before the session is stored`, async () => {
      const hold = site.storage.hold();
      const call = site.send(way, undefined, () => journal.push('answered'));
      await Promise.race([hold.reached, call.answer.then(unstored)]);
      // A source that breaks while all is held would take the connection with it: see answers-limits.spec.ts
      if (way.broken !== true) await otherwiseBusy(site);
      expect(call.received()).toBe(way.informed ?? '');

      hold.release();
      await call.answer;
      expect(journal).toEqual(['stored', 'answered']);
    });

    it(`G: ${title}: the session's cookie comes once, beside the app's own`, async () => {
      const own = cookiesOf(await plain.ask(way));
      if (way.cookieless !== true) expect(own).not.toEqual([]);

      const answer = await site.ask(way);
      expect(handedIn(answer)).toHaveLength(1);
      expect(appCookiesOf(answer)).toEqual(own);
      expect(await site.stored(site.ticketIn(answer))).toBe(1);
    });

    it(`G: ${title}: all else is as without sessions`, async () => {
      const expected = await plain.ask(way);
      expectAnswer(expected, way);

      const ticket = await site.ticket();
      const logged = site.log.length;
      expect(contentOf(await site.ask(way))).toEqual(contentOf(withNewSession(expected)));
      expect(contentOf(await site.ask(way, ticket))).toEqual(contentOf(withKnownSession(expected)));
      expect(site.log.slice(logged).filter((line) => line.includes('ession'))).toEqual([]);
    });

    it(`G: ${title}: a change of a session that the client has is stored, and no cookie sent`, async () => {
      const ticket = await site.ticket();
      journal = site.storage.begin();

      const answer = await site.send(way, ticket, () => journal.push('answered')).answer;
      expect(journal).toEqual(['stored', 'answered']);
      expect(handedIn(answer)).toEqual([]);
      expect(await site.stored(ticket)).toBe(2);
    });

    it(`G: ${title}: a storage that fails gives 503 and nothing of the app's`, async () => {
      const ticket = await site.ticket();
      const before = site.storage.size;
      site.storage.break();

      for (const answer of [await site.ask(way), await site.ask(way, ticket)]) {
        expect(answer.status).toBe(503);
        expect(answer.complete).toBe(true);
        expect(valueOf(answer.fields, 'retry-after')).toBe('5');
        expect(handedIn(answer)).toEqual([]);
        if (way.storedBy !== 'interceptor') expect(cookiesOf(answer)).toEqual([]);
        expect(textOf(answer)).toBe(way.method === 'HEAD' ? '' : UNAVAILABLE);
      }
      expect(site.storage.size).toBe(before);
      expect(await site.stored(ticket)).toBe(1);
    });

    if (way.storedBy !== 'interceptor' || way.method === 'HEAD') continue;
    it(`G: ${title}: a storage that fails is an error for the app's filters`, async () => {
      site.storage.break();
      const answer = await site.ask({ ...way, headers: { ...way.headers, 'x-filter': 'custom' } });
      expect(answer.status).toBe(503);
      expect(valueOf(answer.fields, 'retry-after')).toBe('5');
      expect(handedIn(answer)).toEqual([]);
      expect(textOf(answer)).toBe('{"filtered":503}');
    });
  }
}

/** What a header has of its own: how it stands in the head. When it is stored, and what when it cannot be, is the same. */
function byIdInHeader(driven: Driven): void {
  const siteIn = siteOf(driven, 'header by id');
  for (const way of waysOn(driven.platform, driven.family)) {
    const title = titleOf(way, driven.mode);

    it(`G: ${title}: the session's header comes once, and all else is as without sessions`, async () => {
      const [site, plain] = [siteIn(), driven.plain()];
      const expected = await plain.ask(way);
      expectAnswer(expected, way);

      const begun = await site.ask(way);
      expect(handedIn(begun)).toHaveLength(1);
      expect(contentOf(begun)).toEqual(contentOf(withNewSession(expected)));
      expect(await site.stored(site.ticketIn(begun))).toBe(1);

      const ticket = await site.ticket();
      const known = await site.ask(way, ticket);
      expect(handedIn(known)).toEqual([]);
      expect(contentOf(known)).toEqual(contentOf(withKnownSession(expected, HEADER)));
      expect(await site.stored(ticket)).toBe(2);
    });

    it(`G: ${title}: a storage that fails gives 503, and no header of the session's`, async () => {
      const site = siteIn();
      const ticket = await site.ticket();
      site.storage.break();
      for (const answer of [await site.ask(way), await site.ask(way, ticket)]) {
        expect({ status: answer.status, handed: handedIn(answer) }).toEqual({ status: 503, handed: [] });
      }
      expect(await site.stored(ticket)).toBe(1);
    });
  }
}

/** What a session has that itself travels: each change is in the head, or the answer is the failure. */
function byValue(driven: Driven): void {
  const siteIn = siteOf(driven, 'cookie by value');
  for (const way of waysOn(driven.platform, driven.family)) {
    const title = titleOf(way, driven.mode);

    it(`G: ${title}: the changed session comes once, and all else is as without sessions`, async () => {
      const [site, plain] = [siteIn(), driven.plain()];
      const expected = await plain.ask(way);
      expectAnswer(expected, way);
      const logged = site.log.length;

      const begun = await site.ask(way);
      expect(handedIn(begun)).toHaveLength(1);
      expect(contentOf(begun)).toEqual(contentOf(withNewSession(expected)));
      expect(await site.stored(site.ticketIn(begun))).toBe(1);

      const known = await site.ask(way, await site.ticket());
      expect(handedIn(known)).toHaveLength(1);
      expect(contentOf(known)).toEqual(contentOf(withNewSession(withKnownSession(expected))));
      expect(await site.stored(site.ticketIn(known))).toBe(2);
      expect(site.log.slice(logged).filter((line) => line.includes('ession'))).toEqual([]);
    });

    it(`G: ${title}: a session that is too large or cannot be sealed gives 500 and nothing of the app's`, async () => {
      const site = siteIn();
      const ticket = await site.ticket();
      for (const trouble of ['large', 'broken'] as const) {
        site.sealing.be(trouble);
        for (const answer of [await site.ask(way), await site.ask(way, ticket)]) {
          expect(answer).toMatchObject({ status: 500, complete: true });
          expect(handedIn(answer)).toEqual([]);
          if (way.storedBy !== 'interceptor') expect(cookiesOf(answer)).toEqual([]);
          expect(textOf(answer)).toMatch(way.method === 'HEAD' ? /^$/ : FAILED);
        }
      }
    });

    if (way.storedBy !== 'interceptor' || way.method === 'HEAD') continue;
    it(`G: ${title}: a session that is too large is an error for the app's filters`, async () => {
      const site = siteIn();
      site.sealing.be('large');
      const answer = await site.ask({ ...way, headers: { ...way.headers, 'x-filter': 'custom' } });
      expect(answer.status).toBe(500);
      expect(handedIn(answer)).toEqual([]);
      expect(textOf(answer)).toBe('{"filtered":500}');
    });
  }
}

/** Asserts that a way to answer is what it says, without sessions. */
function expectAnswer(answer: Answer, way: Way): void {
  expect(answer.status).toBe(way.status ?? 200);
  expect(textOf(answer)).toMatch(way.body ?? /answer/);
  expect(answer.complete).toBe(way.broken !== true);
}

/** Fails a test whose answer came without a write. */
function unstored(): never {
  throw new Error('The answer came, and nothing was stored before it');
}

const UNAVAILABLE = '{"statusCode":503,"message":"Service Unavailable"}';

const FAILED = /^\{"statusCode":500,"message":"Internal Server Error"\}$/i;
