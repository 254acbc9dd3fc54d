/** A message that the next page shows, once. */
export interface Flash {
  readonly kind: 'notice' | 'error';
  readonly text: string;
}

/** The session of a visitor. `userId` is there while the visitor is signed in; nothing else says who it is. */
export class Visitor {
  userId?: string;
  flash?: Flash;
}
