import { randomBytes } from 'node:crypto';

/** A token as the library makes them, which nobody has issued. */
export function unknownToken(): string {
  return `${randomBytes(16).toString('base64url')}.${randomBytes(32).toString('base64url')}`;
}

/** What has the form of something sealed, which nobody has sealed. */
export function unknownSealed(): string {
  return randomBytes(109).toString('base64url');
}

/** The same id with another secret. */
export function withOtherSecret(token: string): string {
  return `${idOf(token)}.${randomBytes(32).toString('base64url')}`;
}

/** The same but for one bit of what it decodes to. */
export function withBitFlipped(token: string, bit: number): string {
  const bytes = Buffer.from(token, 'base64url');
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytes.toString('base64url');
}

/** The public half of a token, signed or not; not empty for any other text. */
export function idOf(token: string): string {
  const text = token === '' || token.includes('.') ? token : Buffer.from(token, 'base64url').toString('latin1');
  return text.split('.')[0] ?? '';
}

/** The secret half of a token. */
export function secretOf(token: string): string {
  return token.split('.')[1] ?? '';
}
