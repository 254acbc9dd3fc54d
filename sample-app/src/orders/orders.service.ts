import { Injectable } from '@nestjs/common';
import type { User } from '../auth/user.js';
import type { PricedCart } from '../cart/pricing.service.js';

/** An order, with the prices of the day it was placed. */
export interface Order extends PricedCart {
  readonly number: number;
  readonly userId: string;
  readonly placedAt: Date;
}

/** Keeps the orders, in memory; a real shop has a database. */
@Injectable()
export class OrdersService {
  readonly #orders: Order[] = [];

  /** Places an order for what is in `cart`. */
  place(user: User, cart: PricedCart): Order {
    const order = { ...cart, number: 1001 + this.#orders.length, userId: user.id, placedAt: new Date() };
    this.#orders.push(order);
    return order;
  }

  /** Lists a user's orders, the newest first; empty when there are none. */
  listFor(user: User): Order[] {
    return this.#orders.filter((order) => order.userId === user.id).toReversed();
  }
}
