import { Logger } from '@nestjs/common';
import { KeyRing } from 'nest-sessions';
import { randomBytes } from 'node:crypto';

/**
 * The keys of what visitors carry themselves: the first seals, all open. To rotate them, put a new one first, and take the old
 * one away when nobody can have anything of it any more.
 */
export const sessionKeys = new KeyRing(keysOfEnvironment);

/** Called once, when the app starts. */
function keysOfEnvironment(): readonly (string | Uint8Array)[] {
  const keys = (process.env['SESSION_KEYS'] ?? '').split(/[\s,]+/).filter((key) => key !== '');
  if (keys.length > 0) return keys;
  if (process.env['NODE_ENV'] === 'production') {
    throw new TypeError('Cannot start the shop: set SESSION_KEYS to a key or more of "openssl rand -base64 32"');
  }
  new Logger('Shop').warn('SESSION_KEYS is not set: the next start will have forgotten themes and languages');
  return [randomBytes(32)];
}
