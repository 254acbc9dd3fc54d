/** The most of one product that fits into a cart. */
export const MAX_QUANTITY = 20;

/** One product in a cart. Plain data: the session stores it as JSON. */
export interface CartLine {
  readonly productId: string;
  quantity: number;
}

/** The session that holds a cart. A new one starts as `new Cart()`; a stored one gets its methods back. */
export class Cart {
  lines: CartLine[] = [];

  get itemCount(): number {
    return this.lines.reduce((count, line) => count + line.quantity, 0);
  }

  add(productId: string, quantity: number): void {
    const line = this.lines.find((candidate) => candidate.productId === productId);
    if (line) line.quantity = Math.min(line.quantity + quantity, MAX_QUANTITY);
    else this.lines.push({ productId, quantity });
  }

  change(productId: string, quantity: number): void {
    const line = this.lines.find((candidate) => candidate.productId === productId);
    if (line) line.quantity = quantity;
  }

  remove(productId: string): void {
    this.lines = this.lines.filter((line) => line.productId !== productId);
  }
}
