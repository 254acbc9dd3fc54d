/** What the sessions of this bench hold: a shop's, of a size that can be chosen. */
export interface BenchData {
  count: number;
  readonly userId: string;
  readonly roles: readonly string[];
  readonly cart: readonly object[];
  readonly rest: string;
}

const made = new Map<number, BenchData>();

/**
 * Data of which the JSON has so many bytes: objects and short texts, as in real sessions, not one long text.
 *
 * @returns an object of the caller's own; what is in it is shared
 */
export function benchData(bytes: number): BenchData {
  let data = made.get(bytes);
  if (data === undefined) made.set(bytes, (data = make(bytes)));
  return { ...data };
}

function make(bytes: number): BenchData {
  const base = {
    // One width whatever it counts to, so that the size stays
    count: 100_000,
    userId: '4b0b1e9e-6f0c-4f43-9c8e-0b5d8f2f8a11',
    roles: ['customer', 'reviewer'],
  };
  const cart: object[] = [];
  const size = (): number => JSON.stringify({ ...base, cart, rest: '' }).length;
  while (size() < bytes - 160) cart.push(item(cart.length));
  return { ...base, cart, rest: 'x'.repeat(Math.max(0, bytes - size())) };
}

function item(at: number): object {
  return {
    productId: `article-${at % 100}`,
    quantity: (at % 9) + 1,
    addedAt: '2026-03-14T15:09:26.535Z',
    options: { engraving: at % 2 === 0, colour: 'forest green' },
  };
}
