import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  appCookiesOf,
  contentOf,
  cookiesOf,
  sessionCookiesOf,
  textOf,
  valueOf,
  withKnownSession,
  withNewSession,
} from './answer.js';
import type { Sessions } from './app.js';
import { cookieIn, otherwiseBusy, startSite, type Site } from './site.js';
import { platforms, waysOn, type Family } from './way.js';

/** Asserts for each way to answer, on both platforms, what must hold for all of them. */
export function drive(family: Family, mode: Exclude<Sessions, 'none'> = 'global'): void {
  const having = platforms.filter((platform) => waysOn(platform, family).length > 0);
  describe.each(having)('%s, memory', (platform) => {
    const ways = waysOn(platform, family);
    let site: Site;
    let plain: Site;
    let journal: string[];

    beforeAll(async () => {
      plain = await startSite(platform, family, 'none');
      site = await startSite(platform, family, mode);
    });
    afterAll(async () => {
      await site.close();
      await plain.close();
    });
    beforeEach(() => {
      journal = site.storage.begin();
    });

    for (const way of ways) {
      const title = mode === 'global' ? way.name : `${way.name}, interceptor '${mode}'`;

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
        expect(sessionCookiesOf(answer)).toHaveLength(1);
        expect(appCookiesOf(answer)).toEqual(own);
        expect(await site.stored(cookieIn(answer))).toBe(1);
      });

      it(`G: ${title}: all else is as without sessions`, async () => {
        const expected = await plain.ask(way);
        expect(expected.status).toBe(way.status ?? 200);
        expect(textOf(expected)).toMatch(way.body ?? /answer/);
        expect(expected.complete).toBe(way.broken !== true);

        const cookie = await site.cookie();
        const logged = site.log.length;
        expect(contentOf(await site.ask(way))).toEqual(contentOf(withNewSession(expected)));
        expect(contentOf(await site.ask(way, cookie))).toEqual(contentOf(withKnownSession(expected)));
        expect(site.log.slice(logged).filter((line) => line.includes('ession'))).toEqual([]);
      });

      it(`G: ${title}: a change of a session that the client has is stored, and no cookie sent`, async () => {
        const cookie = await site.cookie();
        journal = site.storage.begin();

        const answer = await site.send(way, cookie, () => journal.push('answered')).answer;
        expect(journal).toEqual(['stored', 'answered']);
        expect(sessionCookiesOf(answer)).toEqual([]);
        expect(await site.stored(cookie)).toBe(2);
      });

      it(`G: ${title}: a storage that fails gives 503 and nothing of the app's`, async () => {
        const cookie = await site.cookie();
        const before = site.storage.size;
        site.storage.break();

        for (const answer of [await site.ask(way), await site.ask(way, cookie)]) {
          expect(answer.status).toBe(503);
          expect(answer.complete).toBe(true);
          expect(valueOf(answer.fields, 'retry-after')).toBe('5');
          expect(sessionCookiesOf(answer)).toEqual([]);
          if (way.storedBy !== 'interceptor') expect(cookiesOf(answer)).toEqual([]);
          expect(textOf(answer)).toBe(way.method === 'HEAD' ? '' : UNAVAILABLE);
        }
        expect(site.storage.size).toBe(before);
        expect(await site.stored(cookie)).toBe(1);
      });

      if (way.storedBy !== 'interceptor' || way.method === 'HEAD') continue;
      it(`G: ${title}: a storage that fails is an error for the app's filters`, async () => {
        site.storage.break();
        const answer = await site.ask({ ...way, headers: { ...way.headers, 'x-filter': 'custom' } });
        expect(answer.status).toBe(503);
        expect(valueOf(answer.fields, 'retry-after')).toBe('5');
        expect(sessionCookiesOf(answer)).toEqual([]);
        expect(textOf(answer)).toBe('{"filtered":503}');
      });
    }
  });
}

/** Fails a test whose answer came without a write. */
function unstored(): never {
  throw new Error('The answer came, and nothing was stored before it');
}

const UNAVAILABLE = '{"statusCode":503,"message":"Service Unavailable"}';
