import { describe, expect, it } from 'vitest';
import { SessionNotRegisteredError } from '../../../src/errors.js';
import { findSession, type NamedSession, type SessionTarget } from '../../../src/module/find-session.js';

class Cart {}
class User {}

const cart = { name: 'cart', type: Cart };
const user = { name: 'user', type: User };
const plain = { name: 'plain', type: undefined };
const several: readonly NamedSession[] = [cart, user, plain];

describe('findSession()', () => {
  it('finds the only session by nothing, its name or its class', () => {
    for (const target of [undefined, 'cart', Cart]) expect(findSession([cart], target)).toBe(cart);
  });

  it('finds one of several by its name or its class', () => {
    expect(findSession(several, 'cart')).toBe(cart);
    expect(findSession(several, User)).toBe(user);
    expect(findSession(several, 'plain')).toBe(plain);
  });

  it.each<[target: SessionTarget, message: string]>([
    [undefined, 'there are several, "cart", "user", "plain": name one, or give its class'],
    ['other', '"other" is not registered: SessionsModule has "cart", "user", "plain"'],
    ['', '"" is not registered'],
    [class Other {}, 'class Other is not registered: SessionsModule has "cart", "user", "plain"'],
  ])('refuses %s, and says what there is', (target, message) => {
    expect(() => findSession(several, target)).toThrow(SessionNotRegisteredError);
    expect(() => findSession(several, target)).toThrow(`Cannot use session: ${message}`);
  });
});
