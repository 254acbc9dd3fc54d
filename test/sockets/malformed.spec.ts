import fc from 'fast-check';
import { SessionsModule, SessionStorageMemory } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { startApp } from '../support/app.js';
import { CountingStorage } from '../support/counting-storage.js';
import { PLATFORMS, type Platform } from '../support/matrix.js';
import { without, type Routes } from '../support/routes.js';
import { foreignFields, forbiddenFields, malformedFields, MAX_FIELD } from './cookie-fields.js';
import { pipeline, request, type Answer } from './pipeline.js';

/** Whatever a route does with a session that nobody brought, nothing is stored. */
const routes: Routes = {
  read: ({ session }) => String(session.data.n ?? 'none'),
  nothing: without(() => 'ok'),
  regenerate: async ({ session }) => {
    await session.regenerate();
    return 'ok';
  },
  destroy: async ({ session }) => {
    await session.destroy();
    return 'ok';
  },
  take: async ({ session }) => String((await session.take('n')) ?? 'none'),
  update: async ({ session }) => String((await session.update(({ n }) => n)).n ?? 'none'),
  reload: async ({ session }) => {
    await session.reload();
    return 'ok';
  },
  save: async ({ session }) => {
    await session.save();
    return 'ok';
  },
  create: ({ session }) => String((session.data.n = 7)),
};
const paths = Object.keys(routes).filter((path) => path !== 'create');

const CLEARED = 'sid=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax';

/** An app with three living sessions. */
async function start(platform: Platform) {
  const memory = new SessionStorageMemory();
  const storage = new CountingStorage(memory);
  const { origin } = await startApp(platform, { routes, imports: [SessionsModule.forRoot({ storage })] });
  const port = Number(new URL(origin).port);
  const created = await pipeline(
    port,
    Array.from({ length: 3 }, () => request('create', 'a=1')),
    3,
  );
  const living = created.map(({ setCookies }) => /^sid=([^;]+)/.exec(setCookies[0] ?? '')?.[1] ?? '');
  const records = async (): Promise<unknown[]> =>
    Promise.all(
      living.map((value) =>
        memory.read(value.slice(0, 22), async ({ stream, version }) => [
          version,
          Buffer.from(stream.bytes ?? []).toString(),
        ]),
      ),
    );
  const before = await records();
  storage.forget();
  return {
    port,
    storage,
    living,
    /** The living sessions are as they were, there are no others, and the server serves. */
    async expectUntouched(): Promise<void> {
      expect(memory.size).toBe(3);
      expect(await records()).toEqual(before);
      const answers = await pipeline(
        port,
        living.map((value) => request('read', `sid=${value}`)),
        3,
      );
      expect(answers.map(({ status, body }) => [status, body])).toEqual(living.map(() => [200, '7']));
    },
  };
}

type Sent = readonly [path: string, field: string];

/** Batches of requests; a failure names the seed that makes them again. */
async function forBatches(
  fields: fc.Arbitrary<string>,
  { batches, size }: { readonly batches: number; readonly size: number },
  check: (batch: readonly Sent[]) => Promise<void>,
): Promise<void> {
  const seed = Date.now() % 2 ** 31;
  const batch = fc.array(fc.tuple(fc.constantFrom(...paths), fields), { minLength: size, maxLength: size });
  for (const [index, sent] of fc.sample(batch, { seed, numRuns: batches }).entries()) {
    await check(sent).catch((error: unknown) => {
      throw new Error(`batch ${index} of seed ${seed}`, { cause: error });
    });
  }
}

/** The answers that are not as they must be, each with its request: a batch is too much to read. */
function wrong(batch: readonly Sent[], answers: readonly Answer[], isRight: (answer: Answer, path: string) => boolean) {
  return answers.flatMap((answer, index) => {
    const [path = '', field = ''] = batch[index] ?? [];
    return isRight(answer, path) ? [] : [{ path, field: field.slice(0, 200), length: field.length, answer }];
  });
}

const isCleared = (setCookies: readonly string[]): boolean => setCookies.length === 1 && setCookies[0] === CLEARED;

describe.each(PLATFORMS)('malformed cookies by the thousand: %s', { timeout: 60_000 }, (platform) => {
  it('A7: what HTTP permits and is no token gives no 5xx, asks no storage, stores nothing and is cleared at most', async () => {
    const { port, storage, living, expectUntouched } = await start(platform);
    let [sent, cleared] = [0, 0];
    await forBatches(malformedFields(living), { batches: 40, size: 100 }, async (batch) => {
      const requests = batch.map(([path, field]) => request(path, field));
      const answers = await pipeline(port, requests, requests.length);
      sent += answers.length;
      cleared += answers.filter(({ setCookies }) => isCleared(setCookies)).length;
      const isRight = ({ status, setCookies }: Answer, path: string): boolean =>
        status === 200 && (setCookies.length === 0 || (path !== 'nothing' && isCleared(setCookies)));
      expect(wrong(batch, answers, isRight)).toEqual([]);
      expect(storage.calls).toEqual([]);
    });
    expect(sent).toBe(4000);
    expect(cleared).toBeGreaterThan(1000);
    await expectUntouched();
  });

  it('A5, A8: tokens of nobody, and living ids with other secrets, are looked up at most; nothing is written or cleared', async () => {
    const { port, storage, living, expectUntouched } = await start(platform);
    let reads = 0;
    await forBatches(foreignFields(living), { batches: 8, size: 100 }, async (batch) => {
      storage.forget();
      const requests = batch.map(([path, field]) => request(path, field));
      const answers = await pipeline(port, requests, requests.length);
      expect(answers.length).toBe(batch.length);
      expect(wrong(batch, answers, ({ status, setCookies }) => status === 200 && setCookies.length === 0)).toEqual([]);
      expect(storage.calls.filter(({ verb }) => verb !== 'read')).toEqual([]);
      const presented = batch.map(([, field]) => field).join();
      expect(storage.ids.filter((id) => !presented.includes(`sid=${id}.`))).toEqual([]);
      expect(storage.count()).toBeLessThanOrEqual(2 * batch.length);
      reads += storage.count();
    });
    expect(reads).toBeGreaterThan(100);
    await expectUntouched();
  });

  it('A7: what HTTP does not permit never gives a 5xx, and stores nothing', async () => {
    const { port, storage, living, expectUntouched } = await start(platform);
    let refused = 0;
    await forBatches(forbiddenFields(living), { batches: 40, size: 20 }, async (batch) => {
      const answers = await Promise.all(batch.map(([path, field]) => pipeline(port, [request(path, field, 'close')])));
      for (const [index, some] of answers.entries()) {
        const isRight = ({ status, setCookies }: Answer): boolean =>
          status < 500 && (setCookies.length === 0 || isCleared(setCookies));
        expect(wrong([batch[index] as Sent], some, isRight)).toEqual([]);
        refused += some.filter(({ status }) => status === 400 || status === 431).length;
      }
      expect(storage.calls).toEqual([]);
    });
    expect(refused).toBeGreaterThan(100);
    await expectUntouched();
  });

  it('A7: more than one Cookie field, and requests cut in the middle, do no harm', async () => {
    const { port, storage, living, expectUntouched } = await start(platform);
    // All of them together stay below what Node accepts
    const fields = fc
      .array(malformedFields(living), { minLength: 2, maxLength: 5 })
      .map((fields) => fields.join('\r\nCookie: '))
      .filter(({ length }) => length < MAX_FIELD);
    await forBatches(fields, { batches: 8, size: 20 }, async (batch) => {
      const requests = batch.map(([path, fields]) => request(path, fields));
      const answers = await pipeline(port, requests, requests.length);
      expect(answers.length).toBe(batch.length);
      expect(wrong(batch, answers, ({ status }) => status === 200)).toEqual([]);
      const cut = requests.map((request, index) => request.subarray(0, request.length - 1 - ((index * 37) % 200)));
      const broken = (await Promise.all(cut.map((bytes) => pipeline(port, [bytes])))).flat();
      expect(broken.filter(({ status }) => status >= 500)).toEqual([]);
      expect(storage.calls).toEqual([]);
    });
    await expectUntouched();
  });
});
