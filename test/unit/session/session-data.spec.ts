import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { sameBytes } from '../../../src/common/same-bytes.js';
import { SessionDecodeError } from '../../../src/errors.js';
import { JsonSerializer } from '../../../src/record/json-serializer.js';
import { DataShape, type PlainData } from '../../../src/session/data-shape.js';
import { SessionData, type DataSnapshot } from '../../../src/session/session-data.js';
import { NO_MARKS } from '../../../src/session/session-marks.js';

class Cart {
  items: string[] = [];
  count = 0;
  coupon?: string;
}

const codec = new JsonSerializer();
const shape = new DataShape(codec, Cart);
const bytes = (data: object): Uint8Array => codec.serialize(data);
const json = (payload: Uint8Array | undefined): unknown => payload && JSON.parse(Buffer.from(payload).toString());
const snapshotOf = (data: { snapshot(): DataSnapshot | undefined }): DataSnapshot => {
  const snapshot = data.snapshot();
  expect(snapshot).toBeDefined();
  return snapshot as DataSnapshot;
};

describe('SessionData', () => {
  let stored: Uint8Array;
  let data: SessionData<Cart>;

  beforeEach(() => {
    stored = bytes({ items: ['tea'], count: 1 });
    data = new SessionData(shape, stored);
  });

  describe('value', () => {
    it('is an object of the class, with the stored keys', () => {
      expect(data.value).toBeInstanceOf(Cart);
      expect(data.value).toEqual({ items: ['tea'], count: 1 });
    });

    it('of a new session has the defaults', () => {
      expect(new SessionData(shape).value).toEqual({ items: [], count: 0 });
    });

    it('is the same object each time', () => {
      expect(data.value).toBe(data.value);
    });

    it.each([null, undefined, 5, 'text', [], true])('refuses %j', (value) => {
      expect(() => void (data.value = value as unknown as Cart)).toThrow(
        new TypeError('Cannot assign session data: it must be an object'),
      );
      expect(data.value).toEqual({ items: ['tea'], count: 1 });
    });

    it('assigned a plain object, is a new object of the class', () => {
      const plain = { items: ['milk'] } as unknown as Cart;
      data.value = plain;
      expect(data.value).toBeInstanceOf(Cart);
      expect(data.value).not.toBe(plain);
      expect(data.value).toEqual({ items: ['milk'], count: 0 });
    });
  });

  describe('snapshot()', () => {
    it('is undefined while nothing changed', () => {
      expect(data.snapshot()).toBeUndefined();
      expect(data.value.items).toEqual(['tea']);
      expect(data.snapshot()).toBeUndefined();
    });

    it('does not even serialize data that nobody looked at', () => {
      const serialize = vi.spyOn(codec, 'serialize');
      data.snapshot();
      expect(serialize).not.toHaveBeenCalled();
      serialize.mockRestore();
    });

    it('A13: is undefined when the same value is assigned again, or a change is taken back', () => {
      data.value.count = 1;
      data.value.items = ['tea'];
      expect(data.snapshot()).toBeUndefined();
      data.value.items.push('milk');
      data.value.items.pop();
      expect(data.snapshot()).toBeUndefined();
    });

    it('A14: has a deep change', () => {
      data.value.items.push('milk');
      const snapshot = snapshotOf(data);
      expect(json(snapshot.bytes)).toEqual({ items: ['tea', 'milk'], count: 1 });
      expect(snapshot.replacement).toBeUndefined();
    });

    it('A13: an object that is assigned, and equal to what is stored, replaces nothing of what is stored next', () => {
      data.value = { items: ['tea'], count: 1 };
      expect(data.snapshot()).toBeUndefined();
      data.rebase(bytes({ items: ['tea'], count: 2 }), undefined);
      expect(data.value).toEqual({ items: ['tea'], count: 2 });
      expect(data.snapshot()).toBeUndefined();
    });

    it('has the object that was assigned as a whole', () => {
      const cart = new Cart();
      data.value = cart;
      expect(snapshotOf(data).replacement).toBe(cart);
    });

    it('is undefined for a whole object that equals what is stored', () => {
      data.value = { items: ['tea'], count: 1 };
      expect(data.snapshot()).toBeUndefined();
    });

    it('A17: is undefined when a default was only filled in', () => {
      const old = new SessionData(shape, bytes({ items: ['tea'] }));
      expect(old.value.count).toBe(0);
      expect(old.snapshot()).toBeUndefined();
    });

    it('is undefined for a new session that was only looked at, also by its defaults', () => {
      const blank = new SessionData(shape);
      expect(blank.value.items).toEqual([]);
      expect(blank.snapshot()).toBeUndefined();
      blank.value.count = 0;
      expect(blank.snapshot()).toBeUndefined();
      blank.value.count = 1;
      expect(json(snapshotOf(blank).bytes)).toEqual({ items: [], count: 1 });
    });

    it('is not changed by what happens later', () => {
      data.value.items.push('milk');
      const { bytes: before } = snapshotOf(data);
      data.value.items.push('eggs');
      expect(json(before)).toEqual({ items: ['tea', 'milk'], count: 1 });
    });
  });

  describe('merge()', () => {
    it('without a snapshot gives the data of the payload', () => {
      expect(data.merge(bytes({ other: 1 }), undefined)).toStrictEqual({ other: 1 });
    });

    it('B1, B2, B3: applies own changes to newer data and leaves the other keys alone', () => {
      data.value.count = 5;
      delete (data.value as Partial<Cart>).items;
      const fresh = bytes({ items: ['tea', 'milk'], count: 2, coupon: 'X' });
      expect(data.merge(fresh, data.snapshot())).toStrictEqual({ count: 5, coupon: 'X' });
    });

    it('of a whole object that was assigned gives that, and nothing of the payload', () => {
      data.value = { items: [], count: 9 };
      expect(data.merge(bytes({ coupon: 'X', other: 1 }), data.snapshot())).toStrictEqual({ items: [], count: 9 });
    });

    it('does not touch what the handler holds', () => {
      data.value.count = 5;
      data.merge(bytes({ coupon: 'X' }), data.snapshot());
      expect(data.value).toEqual({ items: ['tea'], count: 5 });
    });
  });

  describe('rebase()', () => {
    it('to the bytes of the snapshot: nothing is left to store, the object stays the one the handler holds', () => {
      const held = data.value;
      held.count = 2;
      const snapshot = snapshotOf(data);
      data.rebase(snapshot.bytes, snapshot);
      expect(data.snapshot()).toBeUndefined();
      expect(data.value).toBe(held);
    });

    it('to merged bytes: the handler sees the keys of others in the object that it holds', () => {
      const held = data.value;
      held.count = 2;
      const snapshot = snapshotOf(data);
      data.rebase(bytes({ items: ['tea', 'milk'], count: 2, coupon: 'X' }), snapshot);
      expect(data.value).toBe(held);
      expect(held).toEqual({ items: ['tea', 'milk'], count: 2, coupon: 'X' });
      expect(data.snapshot()).toBeUndefined();
    });

    it('removes keys that others removed', () => {
      data.value.count = 2;
      const snapshot = snapshotOf(data);
      data.rebase(bytes({ count: 2 }), snapshot);
      expect(data.value).toEqual({ items: [], count: 2 });
      expect(data.snapshot()).toBeUndefined();
    });

    it('keeps what was changed while the commit was in flight as still to be stored', () => {
      const held = data.value;
      held.count = 2;
      const snapshot = snapshotOf(data);
      held.items.push('late');
      data.rebase(snapshot.bytes, snapshot);
      expect(held).toEqual({ items: ['tea', 'late'], count: 2 });
      expect(json(snapshotOf(data).bytes)).toEqual({ items: ['tea', 'late'], count: 2 });
    });

    it('keeps late changes, and late removals, on top of merged bytes', () => {
      const held = data.value;
      held.count = 2;
      const snapshot = snapshotOf(data);
      held.coupon = 'LATE';
      delete (held as Partial<Cart>).items;
      data.rebase(bytes({ items: ['tea'], count: 2, other: true }), snapshot);
      expect(data.value).toBe(held);
      expect(held).toEqual({ count: 2, coupon: 'LATE', other: true });
      expect(data.merge(bytes({ items: ['x'], count: 7, other: true }), snapshotOf(data))).toStrictEqual({
        count: 7,
        coupon: 'LATE',
        other: true,
      });
    });

    it('keeps the very objects of late changes, which the handler may hold', () => {
      const held = data.value;
      held.count = 2;
      const snapshot = snapshotOf(data);
      const late = ['late'];
      held.items = late;
      data.rebase(bytes({ items: ['tea'], count: 2, other: true }), snapshot);
      expect(held.items).toBe(late);
    });

    it('to the bytes of a snapshot keeps a whole object that was assigned while the commit was in flight', () => {
      data.value.count = 2;
      const snapshot = snapshotOf(data);
      data.value = { items: [], count: 9 };
      data.rebase(snapshot.bytes, snapshot);
      const next = snapshotOf(data);
      expect(next.replacement).toBe(data.value);
      expect(data.merge(bytes({ other: 1 }), next)).toStrictEqual({ items: [], count: 9 });
    });

    it('to merged bytes keeps a whole object that was assigned while the commit was in flight, and it alone', () => {
      data.value.count = 2;
      const snapshot = snapshotOf(data);
      data.value = { items: [], count: 9 };
      data.rebase(bytes({ items: ['tea'], count: 2, other: true }), snapshot);
      expect(data.value).toEqual({ items: [], count: 9 });
      expect(data.merge(bytes({ items: ['tea'], other: true }), snapshotOf(data))).toStrictEqual({
        items: [],
        count: 9,
      });
    });

    it('after a whole object was stored, later changes are by key again', () => {
      data.value = { items: [], count: 9 };
      const snapshot = snapshotOf(data);
      data.rebase(snapshot.bytes, snapshot);
      data.value.count = 10;
      expect(data.merge(bytes({ items: [], count: 9, other: 1 }), data.snapshot())).toStrictEqual({
        items: [],
        count: 10,
        other: 1,
      });
    });

    it('never loses a late change, whatever it is and whatever others stored', () => {
      const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
      const state = fc.dictionary(key, fc.constantFrom(0, 1, 'x', null), { noNullPrototype: true });
      const plain = new DataShape<PlainData>(codec, undefined);
      const put = (target: PlainData, source: PlainData): void => {
        for (const key of ['a', 'b', 'c', 'constructor']) {
          if (Object.hasOwn(source, key)) target[key] = source[key];
          else delete target[key];
        }
      };
      const pick = (source: PlainData): PlainData => {
        const picked: PlainData = {};
        put(picked, source);
        return picked;
      };
      fc.assert(
        fc.property(state, state, state, state, (loaded, changed, late, others) => {
          const session = new SessionData(plain, bytes(pick(loaded)));
          put(session.value, changed);
          const snapshot = session.snapshot();
          const merged = session.merge(bytes(pick(others)), snapshot);
          put(session.value, late);
          session.rebase(bytes(merged), snapshot);
          const next = session.snapshot();
          const result = session.merge(bytes(merged), next);
          for (const key of ['a', 'b', 'c', 'constructor']) {
            const was = pick(changed);
            const is = pick(late);
            const expected = Object.hasOwn(was, key) === Object.hasOwn(is, key) && was[key] === is[key] ? merged : is;
            expect(Object.hasOwn(result, key) ? result[key] : undefined).toBe(
              Object.hasOwn(expected, key) ? expected[key] : undefined,
            );
          }
        }),
        { numRuns: 1000 },
      );
    });
  });

  describe('draft()', () => {
    it('has the stored data with own changes, in an object of its own', () => {
      data.value.count = 5;
      const draft = data.draft(bytes({ items: ['milk'], count: 1 }), data.snapshot());
      expect(draft.data).toBeInstanceOf(Cart);
      expect(draft.data).toEqual({ items: ['milk'], count: 5 });
      draft.data.items.push('eggs');
      expect(data.value).toEqual({ items: ['tea'], count: 5 });
    });

    it.each([
      ['as they would be stored', { items: ['tea'], count: 1 }],
      ['in another order', { count: 1, items: ['tea'] }],
      ['without a default', { items: ['tea'] }],
    ])('tells the bytes before a change, with keys %s', (_, payload) => {
      const { data: draft, before } = data.draft(bytes(payload), undefined);
      expect(sameBytes(bytes(draft), before)).toBe(true);
    });

    it('of a new session has its defaults', () => {
      const draft = new SessionData(shape).draft(undefined, undefined);
      expect(draft.data).toEqual({ items: [], count: 0 });
      expect(sameBytes(bytes(draft.data), draft.before)).toBe(true);
    });
  });

  describe('ownChanges()', () => {
    it('has what was changed, and nothing of what was loaded', () => {
      data.value.coupon = 'X';
      expect(data.ownChanges(data.snapshot())).toStrictEqual({ coupon: 'X' });
    });

    it('has nothing when nothing was changed, defaults of a new session included', () => {
      expect(data.ownChanges(data.snapshot())).toStrictEqual({});
      const blank = new SessionData(shape);
      expect(blank.value.count).toBe(0);
      expect(blank.ownChanges(blank.snapshot())).toStrictEqual({});
    });
  });

  describe('restart()', () => {
    it('has the defaults and the given changes, which are to be stored, in the object that the handler holds', () => {
      const held = data.value;
      data.restart({ coupon: 'X' }, NO_MARKS);
      expect(data.value).toBe(held);
      expect(held).toEqual({ items: [], count: 0, coupon: 'X' });
      expect(json(snapshotOf(data).bytes)).toEqual({ items: [], count: 0, coupon: 'X' });
    });

    it('without changes has nothing to store', () => {
      data.value.count = 7;
      data.restart({}, NO_MARKS);
      expect(data.snapshot()).toBeUndefined();
    });
  });

  describe('reset()', () => {
    it('takes what is stored and drops changes, in the object that the handler holds', () => {
      const held = data.value;
      held.count = 7;
      data.reset(bytes({ items: ['milk'], count: 2 }));
      expect(data.value).toBe(held);
      expect(held).toEqual({ items: ['milk'], count: 2 });
      expect(data.snapshot()).toBeUndefined();
    });

    it('drops a whole object that was assigned', () => {
      data.value = { items: ['x'], count: 9 };
      data.reset(stored);
      data.value.count = 5;
      expect(snapshotOf(data).replacement).toBeUndefined();
    });

    it('to nothing gives the defaults', () => {
      data.value.count = 7;
      data.reset(undefined);
      expect(data.value).toEqual({ items: [], count: 0 });
      expect(data.snapshot()).toBeUndefined();
    });
  });

  it("refuses bytes that are not the serializer's", () => {
    expect(() => new SessionData(shape, Buffer.from('[1]'))).toThrow(
      new SessionDecodeError('Cannot read session data: the serializer does not know what is stored'),
    );
  });
});

describe('sameBytes()', () => {
  it('compares length and every byte', () => {
    expect(sameBytes(Uint8Array.of(1, 2), Buffer.of(1, 2))).toBe(true);
    expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0))).toBe(false);
    expect(sameBytes(new Uint8Array(), new Uint8Array())).toBe(true);
  });
});
