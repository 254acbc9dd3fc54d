import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { SessionNotSerializableError } from '../../../src/errors.js';
import { DevalueSerializer } from '../../../src/record/devalue-serializer.js';
import { JsonSerializer } from '../../../src/record/json-serializer.js';
import { DataSchema, UnfitDataError } from '../../../src/session/data-schema.js';
import { DataShape, type PlainData } from '../../../src/session/data-shape.js';
import { SessionData, type DataSnapshot } from '../../../src/session/session-data.js';

/* Session data with a schema: what is loaded fits it, and what is stored will. */

const codec = new JsonSerializer();
const bytes = (data: object): Uint8Array => codec.serialize(data);
const json = (payload: Uint8Array): unknown => JSON.parse(Buffer.from(payload).toString());

interface Visit extends PlainData {
  since: Date;
  theme: string;
  note?: string;
}

const visit = z.object({ since: z.coerce.date(), theme: z.string().default('light'), note: z.string().optional() });
const shape = new DataShape<Visit>(codec, undefined, new DataSchema(visit));
const stored = bytes({ since: '2026-01-01T00:00:00.000Z' });

/** Yesterday the theme was a number. */
const migrating = new DataShape<Visit>(
  codec,
  undefined,
  new DataSchema(visit, (data) => {
    const { theme, ...rest } = data as PlainData;
    return { ...rest, theme: theme === 1 ? 'dark' : 'light', note: 'migrated' };
  }),
);
const old = bytes({ since: '2026-01-01T00:00:00.000Z', theme: 1 });

function snapshotOf(data: SessionData<Visit>): DataSnapshot {
  const snapshot = data.snapshot();
  expect(snapshot).toBeDefined();
  return snapshot as DataSnapshot;
}

describe('SessionData with a schema', () => {
  it('holds what the schema makes of the stored data, and that is no change', () => {
    const data = new SessionData(shape, stored);
    expect(data.value).toStrictEqual({ since: new Date('2026-01-01'), theme: 'light' });
    expect(data.snapshot()).toBeUndefined();
  });

  it('refuses stored data that does not fit', () => {
    expect(() => new SessionData(shape, bytes({ theme: 'THE-DATA' }))).toThrow(
      new UnfitDataError('Cannot read session data: data.since does not fit its schema'),
    );
  });

  it('holds migrated data, which is no change; the next change stores all of it', () => {
    const data = new SessionData(migrating, old);
    expect(data.value).toStrictEqual({ since: new Date('2026-01-01'), theme: 'dark', note: 'migrated' });
    expect(data.snapshot()).toBeUndefined();
    data.value.theme = 'light';
    expect(json(snapshotOf(data).bytes)).toEqual({
      since: '2026-01-01T00:00:00.000Z',
      theme: 'light',
      note: 'migrated',
    });
  });

  it('notices a change deep in what the schema made', () => {
    const data = new SessionData(shape, stored);
    data.value.since.setUTCFullYear(2030);
    expect(json(snapshotOf(data).bytes)).toMatchObject({ since: '2030-01-01T00:00:00.000Z' });
  });

  it('of a new session need not fit until something is stored', () => {
    const data = new SessionData(shape);
    expect(data.value).toStrictEqual({});
    expect(data.snapshot()).toBeUndefined();
    expect(data.ownChanges(undefined)).toStrictEqual({});
    expect(data.draft(undefined, undefined).data).toStrictEqual({});
    data.value.theme = 'dark';
    expect(() => data.snapshot()).toThrow(
      new SessionNotSerializableError(
        'Cannot store session: data.since does not fit its schema, the next request would not load it',
      ),
    );
    data.value.since = new Date(0);
    expect(json(snapshotOf(data).bytes)).toEqual({ theme: 'dark', since: '1970-01-01T00:00:00.000Z' });
  });

  it('refuses to store what the schema makes what nothing can store', () => {
    const odd = z.object({ a: z.string().transform((text) => new Set([text])) });
    const data = new SessionData(new DataShape<PlainData>(codec, undefined, new DataSchema(odd)));
    data.value['a'] = 'x';
    expect(() => data.snapshot()).toThrow(/^Cannot store session: data\.a is an instance of Set/);
    expect(() => new SessionData(new DataShape(codec, undefined, new DataSchema(odd)), bytes({ a: 'x' }))).toThrow(
      new UnfitDataError('Cannot read session data: what was made of it cannot be stored'),
    );
  });

  describe('merge()', () => {
    it('applies own changes to newer data that it migrates first', () => {
      const data = new SessionData(migrating, old);
      data.value.note = 'mine';
      const merged = data.merge(bytes({ since: 0, theme: 1 }), snapshotOf(data));
      expect(merged).toStrictEqual({ since: new Date(0), theme: 'dark', note: 'mine' });
    });

    it('gives its own changes as the schema makes of them', () => {
      const data = new SessionData(shape, stored);
      data.value.since = new Date(5);
      expect(data.merge(stored, snapshotOf(data))).toStrictEqual({ since: new Date(5), theme: 'light' });
      data.value = { since: new Date(7), theme: 'dark' };
      expect(data.merge(stored, snapshotOf(data))).toStrictEqual({ since: new Date(7), theme: 'dark' });
    });

    it('refuses newer data that does not fit', () => {
      const data = new SessionData(shape, stored);
      data.value.theme = 'dark';
      expect(() => data.merge(bytes({}), snapshotOf(data))).toThrow(UnfitDataError);
    });

    it('refuses a whole that does not fit where each part did', () => {
      const pair = z.object({ a: z.number(), b: z.number() }).refine(({ a, b }) => a + b < 3);
      const data = new SessionData(
        new DataShape<PlainData>(codec, undefined, new DataSchema(pair)),
        bytes({ a: 0, b: 0 }),
      );
      data.value['a'] = 2;
      const snapshot = data.snapshot();
      expect(() => data.merge(bytes({ a: 0, b: 2 }), snapshot)).toThrow(SessionNotSerializableError);
    });
  });

  describe('rebase()', () => {
    it("keeps what a handler holds, and takes others' changes as the schema makes of them", () => {
      const data = new SessionData(shape, stored);
      const held = data.value;
      const { since } = held;
      held.note = 'mine';
      const snapshot = snapshotOf(data);
      data.rebase(bytes({ since: '2026-01-01T00:00:00.000Z', theme: 'dark', note: 'mine' }), snapshot);
      expect(data.value).toBe(held);
      expect(held).toStrictEqual({ since: new Date('2026-01-01'), theme: 'dark', note: 'mine' });
      expect(held.since).toBe(since);
      expect(data.snapshot()).toBeUndefined();
      data.rebase(bytes({ since: 0, theme: 'dark' }), undefined);
      expect(held).toStrictEqual({ since: new Date(0), theme: 'dark' });
    });

    it('to migrated data is no change', () => {
      const data = new SessionData(migrating, old);
      expect(data.value.note).toBe('migrated');
      data.rebase(bytes({ since: 0, theme: 1 }), undefined);
      expect(data.value.since).toEqual(new Date(0));
      expect(data.snapshot()).toBeUndefined();
    });
  });

  it('draft() has what the schema makes of stored data and own changes, and its bytes', () => {
    const data = new SessionData(shape, stored);
    data.value.since = new Date(5);
    expect(data.draft(stored, snapshotOf(data)).data).toStrictEqual({ since: new Date(5), theme: 'light' });
    const { data: draft, before } = new SessionData(migrating, old).draft(old, undefined);
    expect(Buffer.from(migrating.encode(draft)).equals(before)).toBe(true);
  });

  it('draft() of a new session has its changes as the schema makes of them', () => {
    const data = new SessionData(shape);
    data.value.since = new Date(5);
    expect(data.draft(undefined, snapshotOf(data)).data).toStrictEqual({ since: new Date(5), theme: 'light' });
  });

  it('reset() migrates', () => {
    const data = new SessionData(migrating, stored);
    data.reset(old);
    expect(data.value.note).toBe('migrated');
    expect(data.snapshot()).toBeUndefined();
  });

  it('never asks the schema of a session that is only looked at when new', () => {
    const validate = vi.spyOn(visit['~standard'], 'validate');
    const data = new SessionData(shape);
    expect(data.value).toEqual({});
    data.snapshot();
    expect(validate).not.toHaveBeenCalled();
    validate.mockRestore();
  });
});

describe('DataShape with a schema', () => {
  class Cart {
    items: string[] = [];
    currency = 'EUR';
    coupon: string | undefined = undefined;
  }

  const cart = z.strictObject({ items: z.array(z.string()), currency: z.string(), coupon: z.string().exactOptional() });
  const carts = new DataShape(codec, Cart, new DataSchema(cart));

  it('A17: has the default of the class before the schema is asked', () => {
    const { data } = carts.of(carts.read(bytes({ items: ['mug'] })));
    expect(data).toBeInstanceOf(Cart);
    expect(data).toEqual({ items: ['mug'], currency: 'EUR' });
  });

  it('encode() lets data go that lacks what the class has', () => {
    expect(json(carts.encode({}))).toEqual({});
    expect(() => carts.encode({ items: 5 })).toThrow(
      new SessionNotSerializableError(
        'Cannot store session: data.items does not fit its schema, the next request would not load it',
      ),
    );
  });

  it('serializes nothing more than without one, where there is none', () => {
    const serialize = vi.spyOn(codec, 'serialize');
    const deserialize = vi.spyOn(codec, 'deserialize');
    const data = new SessionData(new DataShape<PlainData>(codec, undefined), stored);
    data.value['theme'] = 'dark';
    data.snapshot();
    expect(serialize).toHaveBeenCalledTimes(1);
    expect(deserialize).toHaveBeenCalledTimes(1);
    serialize.mockRestore();
    deserialize.mockRestore();
  });

  it.each([
    ['zod', z.object({ n: z.coerce.number(), at: z.coerce.date() })],
    ['valibot', v.object({ n: v.pipe(v.unknown(), v.transform(Number)), at: v.pipe(v.string(), v.toDate()) })],
    ['arktype', type({ n: 'number | string.numeric.parse', at: 'string.date.parse' })],
  ])('reads what %s makes of it, and refuses what does not fit', (_, schema) => {
    const parsing = new DataShape<PlainData>(codec, undefined, new DataSchema(schema));
    const at = '2026-01-01T00:00:00.000Z';
    expect(parsing.read(bytes({ n: '5', at }))).toStrictEqual({ n: 5, at: new Date(at) });
    expect(() => parsing.read(bytes({ n: 'x', at: 'THE-DATA' }))).toThrow(UnfitDataError);
    expect(() => parsing.encode({ n: 5, at: 'THE-DATA' })).toThrow(/data\.at does not fit its schema/);
  });

  it('works with Maps and Sets of another serializer', () => {
    const devalue = new DevalueSerializer();
    const seen = new DataShape<PlainData>(
      devalue,
      undefined,
      new DataSchema(z.object({ seen: z.map(z.string(), z.set(z.bigint())) })),
    );
    const data = new SessionData(seen, devalue.serialize({ seen: new Map([['a', new Set([1n])]]) }));
    (data.value['seen'] as Map<string, Set<bigint>>).get('a')?.add(2n);
    const snapshot = data.snapshot();
    expect(seen.decode(snapshot?.bytes ?? new Uint8Array())).toEqual({ seen: new Map([['a', new Set([1n, 2n])]]) });
    (data.value['seen'] as Map<string, unknown>).set('THE-DATA', 'x');
    expect(() => data.snapshot()).toThrow(/^Cannot store session: data\.seen\.get\(\) does not fit its schema/);
  });
});
