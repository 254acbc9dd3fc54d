import type { RegenerateOptions, Session, SessionFacts } from 'nest-sessions';

class Cart {
  items: string[] = [];
  count = 0;
  coupon?: string;
}

interface Exactly<T> {
  is(value: T): T;
}

/** Compiles with `true` only where both are the same type. */
type Same<A, B> = [Exactly<A>['is'], Exactly<B>['is']] extends [Exactly<B>['is'], Exactly<A>['is']] ? true : false;
function same<A, B>(_: Same<A, B>): void {}

export async function uses(cart: Session<Cart>, plain: Session): Promise<void> {
  // data
  same<typeof cart.data, Cart>(true);
  cart.data.items.push('tea');
  cart.data = new Cart();
  cart.data = { items: [], count: 1 };
  delete cart.data.coupon;
  // @ts-expect-error not a key of the class
  cart.data.other = 1;
  // @ts-expect-error another type
  cart.data.count = 'one';
  // @ts-expect-error data is an object
  cart.data = undefined;
  plain.data['anything'] = { goes: true };
  same<(typeof plain.data)[string], unknown>(true);

  // facts
  const facts: SessionFacts = cart;
  same<typeof facts.id, string>(true);
  same<typeof cart.isNew, boolean>(true);
  same<typeof cart.expiresAt, Date>(true);
  // @ts-expect-error read only
  cart.id = 'mine';
  // @ts-expect-error read only
  cart.isNew = false;
  // @ts-expect-error read only
  cart.createdAt = new Date();

  // whose it is
  same<typeof cart.principal, string | undefined>(true);
  same<typeof cart.label, string | undefined>(true);
  cart.principal = 'u1';
  cart.label = 'Firefox on Linux';
  cart.principal = undefined;
  cart.label = undefined;
  // @ts-expect-error an id is a text
  cart.principal = 5;
  // @ts-expect-error nobody is undefined
  cart.principal = null;
  // @ts-expect-error a text
  cart.label = new Date();

  // take
  const coupon = await cart.take('coupon');
  same<typeof coupon, string | undefined>(true);
  const items = await cart.take('items');
  same<typeof items, string[] | undefined>(true);
  const flash = await plain.take('flash');
  same<typeof flash, unknown>(true);
  // @ts-expect-error not a key of the class
  await cart.take('other');

  // regenerate
  await cart.regenerate();
  await cart.regenerate({ keep: 'all', restart: false });
  await cart.regenerate({ keep: 'none' });
  await cart.regenerate({ keep: ['items', 'coupon'] });
  const keys = ['items'] as const;
  const options: RegenerateOptions<Cart> = { keep: keys };
  await cart.regenerate(options);
  // @ts-expect-error not a key of the class
  await cart.regenerate({ keep: ['other'] });
  // @ts-expect-error not a word for keys
  await cart.regenerate({ keep: 'some' });
  // @ts-expect-error not an option
  await cart.regenerate({ kepp: 'all' });
  // @ts-expect-error with exactOptionalPropertyTypes, undefined is no value
  await cart.regenerate({ keep: undefined });

  // update
  const updated = await cart.update((data) => {
    same<typeof data, Cart>(true);
    data.count++;
  });
  same<typeof updated, Cart>(true);
  await cart.update(({ items }) => items.push('milk'));
  await plain.update((data) => (data['visits'] = 1));
  // @ts-expect-error not a key of the class
  await cart.update((data) => data.other);
  // @ts-expect-error the function is needed
  await cart.update();

  // verbs resolve to nothing
  same<ReturnType<typeof cart.save>, Promise<void>>(true);
  same<ReturnType<typeof cart.reload>, Promise<void>>(true);
  same<ReturnType<typeof cart.destroy>, Promise<void>>(true);
}

// @ts-expect-error data is an object
export type OfText = Session<string>;
