import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SessionStorageError } from '../../../src/errors.js';
import { PrincipalLab, type IndexFault } from './principal-lab.js';
import { STORAGE_TIMEOUT, type LabRequest } from './tracker-lab.js';

const MINUTE = 60_000;

type Verb = 'add' | 'holds' | 'remove';

/** What a request does. */
interface Case {
  readonly what: string;
  /** Whose the client's session is before: somebody's, nobody's, or there is none. */
  readonly before: 'eva' | 'adam' | 'nobody' | 'none';
  readonly run: (request: LabRequest) => unknown;
  /** Whether another session of eva's has to be ended for it. */
  readonly evicts?: boolean;
  readonly calls: readonly Verb[];
}

const login = ({ session }: LabRequest): void => void (session.principal = 'eva');
const cases: readonly Case[] = [
  { what: 'a login', before: 'none', run: login, calls: ['add', 'holds'] },
  { what: 'a login in a session that is there', before: 'nobody', run: login, calls: ['add', 'holds'] },
  {
    what: 'a login with regenerate()',
    before: 'nobody',
    run: async (request) => {
      login(request);
      await request.session.regenerate();
    },
    calls: ['add', 'holds'],
  },
  {
    what: 'a login after regenerate()',
    before: 'nobody',
    run: async (request) => {
      await request.session.regenerate();
      login(request);
    },
    calls: ['add', 'holds'],
  },
  { what: 'a login in a session of another', before: 'adam', run: login, calls: ['add', 'holds', 'remove'] },
  { what: 'a login that ends another', before: 'none', run: login, evicts: true, calls: ['add', 'remove', 'holds'] },
  { what: 'regenerate()', before: 'eva', run: ({ session }) => session.regenerate(), calls: ['add', 'holds'] },
  { what: 'a logout', before: 'eva', run: ({ session }) => session.destroy(), calls: ['remove'] },
  {
    what: 'no principal',
    before: 'eva',
    run: ({ session }) => void (session.principal = undefined),
    calls: ['remove'],
  },
];
const faults: readonly IndexFault[] = ['fails', 'fails after effect', 'hangs', 'hangs after effect'];
const rows = cases.flatMap((one) =>
  one.calls.flatMap((verb) => faults.map((fault) => [one.what, verb, fault, one] as const)),
);

/** Does what a request does, up to its last commit, while a call of the index goes wrong. */
async function requested(lab: PrincipalLab, values: readonly string[], run: Case['run'], met?: Promise<void>) {
  const request = await lab.request(...values);
  const done = (async () => {
    try {
      await run(request);
      await request.tracked.commit();
    } catch (error) {
      request.tracked.answeredWith(error);
      await request.tracked.commit();
      return error;
    }
    return undefined;
  })();
  if (met !== undefined) {
    await met;
    lab.clock.advance(STORAGE_TIMEOUT);
  }
  return { ...request, error: await done };
}

/** The sessions of which a record is theirs. */
async function livingOf(lab: PrincipalLab, principal: string, ids: readonly string[]): Promise<readonly string[]> {
  const living = await Promise.all(ids.map(async (id) => ((await lab.principalOf(id)) === principal ? [id] : [])));
  return living.flat();
}

describe('A session whose principal is set while the index goes wrong', () => {
  it.each(rows)('%s, %s() %s: nothing lives unlisted, and nobody is locked out', async (_, verb, fault, one) => {
    const lab = new PrincipalLab(one.evicts === true ? { limit: { perPrincipal: 1, onExceeded: 'evictOldest' } } : {});
    const other = one.evicts === true ? await lab.client('eva') : undefined;
    const client =
      one.before === 'none' ? undefined : await lab.client(one.before === 'nobody' ? undefined : one.before);
    const values = client === undefined ? [] : [client.value];

    lab.clock.advance(1);
    const met = lab.index.next(verb, fault);
    const { error, session, tracked } = await requested(lab, values, one.run, met);

    // What has to be known before an answer is, or there is none
    const isQuiet = verb === 'remove' && one.evicts !== true;
    expect(error === undefined).toBe(isQuiet);
    if (!isQuiet) {
      expect(error).toBeInstanceOf(SessionStorageError);
      const rotatedBefore = one.what === 'a login after regenerate()';
      expect(tracked.outgoing).toEqual(rotatedBefore ? expect.objectContaining({ sending: 'always' }) : undefined);
    }
    expect(lab.log.join()).toContain('storageFailed: ');
    expect(inspect([error instanceof Error ? error.message : '', lab.events])).not.toMatch(/eva|adam|MOVED/);

    // Nothing lives unlisted
    const ids = [session.id, client?.id ?? 'nothing', other?.id ?? 'nothing'];
    for (const principal of ['eva', 'adam']) {
      const living = await livingOf(lab, principal, ids);
      expect(await lab.entries(principal)).toEqual(expect.arrayContaining([...new Set(living)]));
      expect((await lab.list(principal)).toSorted()).toEqual([...new Set(living)].toSorted());
    }

    // Nobody is locked out: the client comes again with what it has
    lab.clock.advance(1);
    const { outgoing } = tracked;
    const kept = typeof outgoing === 'object' ? [outgoing.value] : outgoing === 'clear' ? [] : values;
    const again = await requested(lab, kept, login);
    expect(again.error).toBeUndefined();
    expect(await lab.list('eva')).toContain(again.session.id);
    if (one.evicts === true) expect(await lab.list('eva')).toHaveLength(1);

    // And all can be ended
    await lab.tracker.invalidateAll('eva');
    expect(await livingOf(lab, 'eva', [...ids, again.session.id])).toEqual([]);
  });

  it.each(faults.flatMap((fault) => (['add', 'holds'] as const).map((verb) => [verb, fault] as const)))(
    'where no more than one may live, %s() %s: it takes the place for a minute at the most',
    async (verb, fault) => {
      const lab = new PrincipalLab({ limit: { perPrincipal: 1, onExceeded: 'reject' } });
      const met = lab.index.next(verb, fault);
      const { error } = await requested(lab, [], login, met);
      expect(error).toBeInstanceOf(SessionStorageError);
      lab.clock.advance(MINUTE + 1);
      expect((await requested(lab, [], login)).error).toBeUndefined();
      expect(await lab.list('eva')).toHaveLength(1);
    },
  );

  it('where no more than one may live, who was refused since all were ended may come again at once', async () => {
    const lab = new PrincipalLab({ limit: { perPrincipal: 1, onExceeded: 'reject' } });
    lab.index.on.set('holds', [() => lab.keyed().raiseEpoch('eva')]);
    expect((await requested(lab, [], login)).error).toMatchObject({ status: 409 });
    lab.clock.advance(1);
    expect((await requested(lab, [], login)).error).toBeUndefined();
    expect(await lab.list('eva')).toHaveLength(1);
  });

  it.each(faults)('whose record is written while the storage %s: a later invalidateAll() finds it', async (fault) => {
    const lab = new PrincipalLab();
    const { value, id } = await lab.client(undefined);
    lab.storage.onWrite.push(async (write) => {
      if (fault.endsWith('after effect')) await write();
      if (fault.startsWith('hangs')) return new Promise(() => {});
      throw new Error('down');
    });
    const request = await lab.request(value);
    login(request);
    const done = request.tracked.commit()?.catch((reason: unknown) => reason);
    while (lab.storage.calls.at(-1) !== 'write') await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    lab.clock.advance(STORAGE_TIMEOUT);
    expect(await done).toBeInstanceOf(SessionStorageError);
    const isStored = fault.endsWith('after effect');
    expect(await lab.list('eva')).toEqual(isStored ? [id] : []);
    expect(await lab.tracker.invalidateAll('eva')).toBe(isStored ? 1 : 0);
    expect(await lab.principalOf(id)).toBeUndefined();
  });
});
