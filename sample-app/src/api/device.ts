import { Cart } from '../cart/cart.js';

/** The session of a mobile client: a cart of its own and, while it is signed in, whose it is. */
export class Device extends Cart {
  userId?: string;
}
