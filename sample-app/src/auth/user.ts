/** Somebody who can sign in. */
export interface User {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly passwordHash: string;
}
