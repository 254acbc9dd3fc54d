import { describe, expect, it } from 'vitest';
import type { SessionSettings } from '../../../src/module/sessions-options.js';
import { transportOf } from '../../../src/module/transport-options.js';

const of = (options: unknown, path = '', name = 'sid'): ReturnType<typeof transportOf> =>
  transportOf(name, options as SessionSettings, path);

const COOKIE = {
  path: '/',
  domain: undefined,
  maxAge: undefined,
  httpOnly: true,
  secure: 'auto',
  sameSite: 'lax',
  partitioned: false,
  priority: undefined,
};

describe('transportOf()', () => {
  it('is a cookie by default', () => {
    expect(of({})).toEqual({ cookie: COOKIE, header: undefined });
    expect(of({ cookie: {} })).toEqual({ cookie: COOKIE, header: undefined });
    expect(of({ cookie: undefined, header: undefined })).toEqual({ cookie: COOKIE, header: undefined });
  });

  it('is a header alone where one is given and no cookie', () => {
    expect(of({ header: 'X-Session' })).toEqual({
      cookie: undefined,
      header: { name: 'X-Session', scheme: undefined },
    });
  });

  it('is both where both are given, also if the cookie has all defaults', () => {
    expect(of({ header: 'x-session', cookie: {} })).toEqual({
      cookie: COOKIE,
      header: { name: 'x-session', scheme: undefined },
    });
  });

  it.each<[header: object, expected: object]>([
    [{ name: 'x-session' }, { name: 'x-session', scheme: undefined }],
    [
      { name: 'x-session', scheme: undefined },
      { name: 'x-session', scheme: undefined },
    ],
    [
      { name: 'Authorization', scheme: 'Bearer' },
      { name: 'Authorization', scheme: 'Bearer' },
    ],
    [
      { name: 'x-session', scheme: 'Token' },
      { name: 'x-session', scheme: 'Token' },
    ],
  ])('takes the header %o', (header, expected) => {
    expect(of({ header }).header).toEqual(expected);
  });

  it('is frozen, with all that it holds, and keeps nothing of what it was given', () => {
    const header = { name: 'x-session' };
    const transport = of({ header, cookie: {} });
    expect([transport, transport.cookie, transport.header].map((one) => Object.isFrozen(one))).toEqual([
      true,
      true,
      true,
    ]);
    header.name = 'x-other';
    expect(transport.header?.name).toBe('x-session');
  });

  it('minds no name as a cookie’s where there is no cookie', () => {
    expect(() => of({ header: 'x-session' }, '', 'a b')).not.toThrow();
    expect(() => of({ header: 'x-session', cookie: {} }, '', 'a b')).toThrow('name must be a cookie name');
  });

  it.each<[options: object, message: string]>([
    [{ header: null }, 'header must be an object: received null'],
    [{ header: 5 }, 'header must be an object: received 5'],
    [{ header: true }, 'header must be an object: received true'],
    [{ header: ['x-session'] }, 'header must be an object: received an array'],
    [{ header: {} }, 'header.name must be a text: received undefined'],
    [{ header: { name: 5 } }, 'header.name must be a text: received 5'],
    [{ header: { name: 'x', shceme: 'y' } }, 'header.shceme is not an option: use one of name, scheme'],
    [{ header: { name: 'x', scheme: 5 } }, 'header.scheme must be a text: received 5'],
    [{ header: { name: 'x', scheme: null } }, 'header.scheme must be a text: received null'],
    [{ header: '' }, "header must be a header's name, such as 'x-session': received \"\""],
    [{ header: 'x session' }, "header must be a header's name, such as 'x-session': received \"x session\""],
    [{ header: { name: 'x:y' } }, "header.name must be a header's name, such as 'x-session': received \"x:y\""],
    [{ header: 'Cookie' }, 'header must not be a header with a meaning of its own: received "Cookie"'],
    [{ header: { name: 'set-cookie' } }, 'header.name must not be a header with a meaning of its own'],
    [{ header: { name: 'x', scheme: 'two words' } }, "header.scheme must be one word, such as 'Bearer'"],
    [{ header: { name: 'x', scheme: '' } }, 'header.scheme must be one word, such as \'Bearer\': received ""'],
    [{ header: { name: 'Authorization' } }, 'header.scheme must be given with the header Authorization'],
    [{ header: 'authorization' }, 'header must be given with the header Authorization'],
    [{ header: 'x-session', cookie: null }, 'cookie must be an object: received null'],
    [{ header: 'x-session', cookie: { sameSite: 'none' } }, "cookie.secure must be true with sameSite 'none'"],
  ])('A20: refuses %j', (options, message) => {
    expect(() => of(options)).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        message: expect.stringContaining(`Cannot start SessionsModule: ${message}`),
      }),
    );
    expect(() => of(options, 'sessions[1]')).toThrow(`Cannot start SessionsModule: sessions[1].${message}`);
  });
});
