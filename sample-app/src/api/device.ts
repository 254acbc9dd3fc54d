import { Cart } from '../cart/cart.js';

/** The session of a mobile client: a cart of its own. Its `principal` is the user who is signed in. */
export class Device extends Cart {}
