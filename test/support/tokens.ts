import { randomBytes } from 'node:crypto';

/** A token as the library makes them, which nobody has issued. */
export function unknownToken(): string {
  return `${randomBytes(16).toString('base64url')}.${randomBytes(32).toString('base64url')}`;
}

/** The same id with another secret. */
export function withOtherSecret(token: string): string {
  return `${idOf(token)}.${randomBytes(32).toString('base64url')}`;
}

/** The public half of a token. */
export function idOf(token: string): string {
  return token.split('.')[0] ?? '';
}

/** The secret half of a token. */
export function secretOf(token: string): string {
  return token.split('.')[1] ?? '';
}
