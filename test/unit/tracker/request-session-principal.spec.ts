import { describe, expect, it } from 'vitest';
import { SessionCommittedError, SessionConflictError, SessionLimitError } from '../../../src/errors.js';
import { PrincipalLab } from './principal-lab.js';
import { ABSOLUTE, IDLE, Lab, type LabRequest } from './tracker-lab.js';

const MINUTE = 60_000;

describe('RequestSession, whose principal is set', () => {
  it('is stored with it when the response commits, in one write beside the data', async () => {
    const lab = new PrincipalLab();
    const { session, tracked } = await lab.request();
    session.principal = 'eva';
    session.label = 'Firefox';
    session.data.count = 1;
    await tracked.commit();
    expect([lab.index.calls, lab.storage.calls]).toEqual([['add', 'holds'], ['write']]);
    expect((await lab.storage.record(session.id))?.header).toMatchObject({ principal: 'eva', label: 'Firefox' });
    expect(tracked.outgoing).toMatchObject({ sending: 'once' });
    expect([session.principal, session.label]).toEqual(['eva', 'Firefox']);
    expect(lab.log).toEqual(['created']);
    expect(tracked.commit()).toBeUndefined();
  });

  it('is stored where nothing else was changed, new or not', async () => {
    const lab = new PrincipalLab();
    const { value, id } = await lab.client(undefined);
    for (const request of [await lab.request(), await lab.request(value)]) {
      request.session.principal = 'eva';
      await request.tracked.commit();
    }
    expect(await lab.entries('eva')).toHaveLength(2);
    expect(await lab.storage.data(id)).toEqual({ items: [], count: 1 });
  });

  it('costs no call of the index, and no more of the storage, when that is not changed', async () => {
    const lab = new PrincipalLab();
    const { value } = await lab.client('eva');
    const each: [what: string, use: (request: LabRequest) => unknown, calls: readonly string[]][] = [
      ['nothing', () => undefined, ['read']],
      ['the same principal', ({ session }) => void (session.principal = 'eva'), ['read']],
      ['another and back', ({ session }) => ((session.principal = 'x'), (session.principal = 'eva')), ['read']],
      ['data', ({ session }) => void session.data.count++, ['read', 'write']],
      ['a label', ({ session }) => void (session.label = 'x'), ['read', 'write']],
      ['update()', ({ session }) => session.update((data) => void data.count++), ['read', 'read fresh', 'write']],
      ['regenerate({ restart: false })', ({ session }) => session.regenerate({ restart: false }), ['read', 'write']],
    ];
    let token = value;
    for (const [what, use, calls] of each) {
      const request = await lab.request(token);
      await use(request);
      await request.tracked.commit();
      const { outgoing } = request.tracked;
      if (typeof outgoing === 'object') token = outgoing.value;
      expect([what, lab.storage.calls, lab.index.calls]).toEqual([what, calls, []]);
      lab.forget();
    }
    lab.clock.advance(2 * MINUTE);
    const { tracked } = await lab.request(token);
    expect(tracked.commit()).toBeUndefined();
    await lab.tracker.settled();
    expect([lab.storage.calls, lab.index.calls]).toEqual([['read', 'write'], []]);
  });

  it.each<[when: string, log: (request: LabRequest) => Promise<void>]>([
    [
      'before regenerate()',
      async ({ session }) => {
        session.principal = 'eva';
        await session.regenerate();
      },
    ],
    [
      'after regenerate()',
      async ({ session }) => {
        await session.regenerate();
        session.principal = 'eva';
      },
    ],
    [
      'while regenerate() is under way',
      async ({ session }) => {
        const done = session.regenerate();
        session.principal = 'eva';
        await done;
      },
    ],
    [
      'while regenerate() to nothing is under way',
      async ({ session }) => {
        const done = session.regenerate({ keep: 'none' });
        session.principal = 'eva';
        await done;
      },
    ],
    [
      'after regenerate() to nothing',
      async ({ session }) => {
        await session.regenerate({ keep: 'none' });
        session.principal = 'eva';
      },
    ],
    [
      'in update()',
      async ({ session }) => {
        session.principal = 'eva';
        await session.update((data) => void data.count++);
      },
    ],
    [
      'before take()',
      async ({ session }) => {
        session.principal = 'eva';
        await session.take('coupon');
        await session.take('items');
      },
    ],
    [
      'before save()',
      async ({ session }) => {
        session.principal = 'eva';
        await session.save();
      },
    ],
    [
      'while save() is under way',
      async ({ session }) => {
        session.data.count++;
        const saved = session.save();
        session.principal = 'eva';
        await saved;
      },
    ],
    [
      'in place of another while save() is under way',
      async ({ session }) => {
        session.principal = 'adam';
        const saved = session.save();
        session.principal = 'eva';
        await saved;
      },
    ],
    [
      'beside data that is replaced',
      async ({ session }) => {
        session.principal = 'eva';
        session.data = { items: ['x'], count: 5 };
      },
    ],
    [
      'after reload(), destroy()',
      async ({ session }) => {
        session.principal = 'adam';
        await session.reload();
        session.principal = 'adam';
        await session.destroy();
        session.principal = 'eva';
      },
    ],
  ])('%s, is theirs in the end, and nobody else’s', async (_, log) => {
    for (const principal of [undefined, 'adam', null]) {
      const lab = new PrincipalLab();
      const values = principal === null ? [] : [(await lab.client(principal)).value];
      const request = await lab.request(...values);
      await log(request);
      await request.tracked.commit();
      expect(await lab.principalOf(request.session.id)).toBe('eva');
      expect(await lab.list('eva')).toEqual([request.session.id]);
      expect(await lab.entries('adam')).toEqual([]);
      expect(request.session.principal).toBe('eva');
    }
  });

  it('back to what it was while save() is under way, is as it was in the end', async () => {
    const lab = new PrincipalLab();
    const { value, id } = await lab.client('eva');
    const { session, tracked } = await lab.request(value);
    session.principal = 'adam';
    const saved = session.save();
    session.principal = 'eva';
    await saved;
    await tracked.commit();
    expect(await lab.principalOf(id)).toBe('eva');
    expect([await lab.entries('eva'), await lab.entries('adam')]).toEqual([[id], []]);
  });

  it.each<[verb: string, work: (request: LabRequest) => Promise<unknown>]>([
    ['reload()', ({ session }) => session.reload()],
    ['destroy()', ({ session }) => session.destroy()],
    ['regenerate() to nothing', ({ session }) => session.regenerate({ keep: 'none' })],
    ['regenerate() to some', ({ session }) => session.regenerate({ keep: ['items'] })],
  ])('is dropped by %s, as the data is, new or not', async (_, work) => {
    for (const values of [[], ['stored']]) {
      const lab = new PrincipalLab();
      const { value } = await lab.client(undefined, 'Firefox');
      const request = await lab.request(...values.map(() => value));
      request.session.principal = 'eva';
      await work(request);
      expect(request.session.principal).toBeUndefined();
      await request.tracked.commit();
      expect(await lab.entries('eva')).toEqual([]);
    }
  });

  it('goes with destroy(), and with regenerate() to nothing, and its entry with it', async () => {
    const lab = new PrincipalLab();
    for (const work of [
      ({ session }: LabRequest) => session.destroy(),
      ({ session }: LabRequest) => session.regenerate({ keep: 'none' }),
      ({ session }: LabRequest) => session.regenerate({ keep: ['count'] }),
      ({ session }: LabRequest) => void (session.principal = undefined),
    ]) {
      const { value } = await lab.client('eva', 'Firefox');
      const request = await lab.request(value);
      await work(request);
      await request.tracked.commit();
      expect(await lab.entries('eva')).toEqual([]);
      expect(await lab.principalOf(request.session.id)).toBeUndefined();
    }
  });

  it('stays what this request has made it when regenerate() begins the session anew', async () => {
    const lab = new PrincipalLab();
    for (const [keep, principal] of [
      ['all', 'eva'],
      ['none', undefined],
    ] as const) {
      const { value, id } = await lab.client('adam', 'Firefox');
      const { session, tracked } = await lab.request(value);
      session.principal = 'eva';
      await lab.tracker.invalidate(id);
      await session.regenerate({ keep });
      session.data.count = 5;
      await tracked.commit();
      expect(session.id).not.toBe(id);
      expect((await lab.storage.record(session.id))?.header).toMatchObject({ principal, label: undefined });
    }
    expect(await lab.list('eva')).toHaveLength(1);
  });

  it('stays for a new session of which a key was taken', async () => {
    const lab = new PrincipalLab();
    const { session, tracked } = await lab.request();
    session.principal = 'eva';
    session.data.coupon = 'x';
    expect(await session.take('coupon')).toBe('x');
    await tracked.commit();
    expect(await lab.list('eva')).toEqual([session.id]);
  });

  it('lives in the index until the absolute deadline, which regenerate() moves', async () => {
    const lab = new PrincipalLab({ timeouts: { idle: ABSOLUTE, absolute: ABSOLUTE, touchAfter: IDLE } });
    const now = lab.clock.now();
    const { value } = await lab.client('eva');
    lab.clock.advance(MINUTE);
    const { session } = await lab.request(value);
    await session.regenerate();
    expect(lab.index.calls).toEqual(['add', 'holds']);
    expect(lab.index.added).toMatchObject([{ expiresAt: now + MINUTE + ABSOLUTE }]);
  });

  it('beside what another request has changed is stored without its loss', async () => {
    const lab = new PrincipalLab();
    const { value, id } = await lab.client(undefined);
    const [one, other] = [await lab.request(value), await lab.request(value)];
    other.session.data.coupon = 'x';
    other.session.label = 'Firefox';
    await other.tracked.commit();
    one.session.principal = 'eva';
    await one.tracked.commit();
    expect(await lab.storage.data(id)).toMatchObject({ count: 1, coupon: 'x' });
    expect((await lab.storage.record(id))?.header).toMatchObject({ principal: 'eva', label: 'Firefox' });
    expect(one.session.label).toBe('Firefox');
  });

  it('is one of two that are set at once, and has an entry', async () => {
    const lab = new PrincipalLab();
    const { value, id } = await lab.client(undefined);
    const other = lab.another();
    const requests = [await lab.request(value), await lab.requestOf(other, value)];
    for (const [at, { session }] of requests.entries()) session.principal = at === 0 ? 'eva' : 'adam';
    await Promise.all(requests.map(async ({ tracked }) => tracked.commit()));
    const principal = (await lab.principalOf(id)) ?? '';
    expect(['eva', 'adam']).toContain(principal);
    expect(await lab.list(principal)).toEqual([id]);
    expect(await lab.entries(principal === 'eva' ? 'adam' : 'eva')).toEqual([]);
  });

  it('after the first byte, is stored at the end where the client has its token, and refused where it has not', async () => {
    const lab = new PrincipalLab();
    const { value, id } = await lab.client(undefined);
    const [stored, unknown] = [await lab.request(value), await lab.request()];
    for (const { session, reply } of [stored, unknown]) {
      reply.state = 'begun';
      session.principal = 'eva';
    }
    await stored.tracked.commit();
    await expect(unknown.tracked.commit()).rejects.toThrow(SessionCommittedError);
    expect(await lab.list('eva')).toEqual([id]);
    expect(lab.index.added).toHaveLength(1);
  });

  it('is refused as any change is in a session that has ended, was replaced, or cannot be read', async () => {
    const lab = new PrincipalLab();
    const readonly = lab.another({ onOutage: 'readonly' });
    const [ended, replaced] = [await lab.client(undefined), await lab.client(undefined)];
    const requests = [await lab.request(ended.value), await lab.request(replaced.value)];
    await lab.tracker.invalidate(ended.id);
    await (await lab.request(replaced.value)).session.regenerate();
    lab.storage.onRead.push(() => Promise.reject(new Error('down')));
    requests.push(await lab.requestOf(readonly, ended.value));
    lab.forget();
    const errors: unknown[] = [];
    for (const { session } of requests) {
      session.principal = 'eva';
      await session.save().catch((error: unknown) => errors.push(error));
      expect(session.isNew).toBe(true);
    }
    expect(errors).toMatchObject([{ status: 409 }, { status: 409 }, { status: 503 }]);
    expect(lab.index.calls.filter((call) => call === 'holds')).toEqual([]);
    expect(await lab.list('eva')).toEqual([]);
  });

  it('may be set by the request that has ended all others but its own, new or not', async () => {
    for (const isNew of [true, false]) {
      const lab = new PrincipalLab();
      const [other, own] = [await lab.client('eva'), await lab.client(undefined)];
      const { session, tracked } = await lab.request(...(isNew ? [] : [own.value]));
      lab.clock.advance(1000);
      await session.regenerate();
      expect(await lab.tracker.invalidateAll('eva', session.id)).toBe(1);
      session.principal = 'eva';
      await tracked.commit();
      expect(await lab.list('eva')).toEqual([session.id]);
      expect((await lab.request(other.value)).session.isNew).toBe(true);
    }
  });

  it('is counted from when the session was asked for, before it was read', async () => {
    const lab = new PrincipalLab();
    const { value } = await lab.client(undefined);
    lab.storage.onRead.push(async () => lab.clock.advance(1000));
    const { session, tracked } = await lab.request(value);
    session.principal = 'eva';
    await tracked.commit();
    expect(lab.index.added).toMatchObject([{ begunAgo: 1000 }]);
  });

  it('is stored once, however often who waits for nobody says so', async () => {
    const lab = new PrincipalLab();
    const { session, tracked } = await lab.request();
    session.principal = 'eva';
    void session.save();
    void session.save();
    await tracked.commit();
    expect(lab.index.calls).toEqual(['add', 'holds']);
  });

  it('is refused by who waits for nobody, and the response says so', async () => {
    const lab = new PrincipalLab({ limit: { perPrincipal: 1, onExceeded: 'reject' } });
    await lab.client('eva');
    const { session, tracked } = await lab.request();
    session.principal = 'eva';
    void session.save();
    await expect(tracked.commit()).rejects.toThrow(SessionLimitError);
    expect(tracked.outgoing).toBeUndefined();
    // The answer that says so does not try again
    expect(tracked.commit()).toBeUndefined();
    expect(lab.index.calls).toEqual(['add']);
    session.principal = undefined;
    session.data.count = 1;
    await tracked.commit();
    expect(await lab.principalOf(session.id)).toBeUndefined();
  });

  it('is tried again when a handler that was refused goes on, and stored if there is room by then', async () => {
    const lab = new PrincipalLab({ limit: { perPrincipal: 1, onExceeded: 'reject' } });
    const { id } = await lab.client('eva');
    const { session, tracked } = await lab.request();
    session.principal = 'eva';
    await expect(session.save()).rejects.toThrow(SessionLimitError);
    await lab.tracker.invalidate(id, 'eva');
    await tracked.commit();
    expect(await lab.list('eva')).toEqual([session.id]);
  });

  it('that was stored and refused then, leaves nothing to go on with: what follows is dropped, or begins anew', async () => {
    for (const begun of [true, false]) {
      const lab = new PrincipalLab();
      const client = await lab.client(undefined);
      const { session, tracked } = await lab.request(...(begun ? [client.value] : []));
      lab.index.on.set('holds', [() => lab.keyed().raiseEpoch('eva')]);
      session.principal = 'eva';
      const { id } = session;
      await expect(session.save()).rejects.toThrow(SessionConflictError);
      expect(await lab.storage.record(id)).toBeUndefined();
      // A handler that goes on
      await tracked.commit()?.catch(() => {});
      expect(await lab.list('eva')).toEqual([]);
      expect(tracked.outgoing).toBeUndefined();
      // The client comes again with what it has
      lab.clock.advance(1);
      const again = await lab.request(...(begun ? [client.value] : []));
      again.session.principal = 'eva';
      await again.tracked.commit();
      expect(await lab.list('eva')).toEqual([again.session.id]);
    }
  });

  it('with regenerate(), that was stored and refused then, hands out no token, and takes no more change', async () => {
    const lab = new PrincipalLab();
    const { value, id } = await lab.client(undefined);
    const { session, tracked } = await lab.request(value);
    lab.index.on.set('holds', [() => lab.keyed().raiseEpoch('eva')]);
    session.principal = 'eva';
    await expect(session.regenerate()).rejects.toThrow(SessionConflictError);
    expect(tracked.outgoing).toBeUndefined();
    await expect(session.save()).rejects.toThrow(SessionConflictError);
    expect(await lab.storage.record(id)).toBeUndefined();
    await session.destroy();
    lab.clock.advance(1);
    const again = await lab.request(value);
    again.session.principal = 'eva';
    await again.session.regenerate();
    await again.tracked.commit();
    expect(await lab.list('eva')).toEqual([again.session.id]);
  });

  it('where a session of the same principal is ended, tells of that once', async () => {
    const lab = new PrincipalLab({ limit: { perPrincipal: 1, onExceeded: 'evictOldest' } });
    const { id } = await lab.client('eva');
    const { session, tracked } = await lab.request();
    session.principal = 'eva';
    await tracked.commit();
    expect(lab.events).toEqual([
      { type: 'destroyed', session: 'sid', id },
      { type: 'created', session: 'sid', id: session.id },
    ]);
  });

  it('is refused where the storage keeps no index, at once and with the cure; a label is not', async () => {
    const lab = new Lab();
    const { session, tracked } = await lab.request();
    expect(() => void (session.principal = 'eva')).toThrow(
      new TypeError(
        'Cannot set principal of session: the storage of "sid" keeps no index of principals, use one that does',
      ),
    );
    session.label = 'Firefox';
    await tracked.commit();
    expect((await lab.storage.record(session.id))?.header).toMatchObject({ principal: undefined, label: 'Firefox' });
  });
});
