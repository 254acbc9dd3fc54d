import type { Session } from 'nest-sessions';
import type { Cart } from '../cart/cart.js';
import type { Visitor } from './visitor.js';

/** Signs out the browser of this request. The cart goes too: the next person at this computer should not see it. */
export async function signOut(visitor: Session<Visitor>, cart: Session<Cart>): Promise<void> {
  await Promise.all([visitor.destroy(), cart.destroy()]);
}
