import { validateHeaderName, validateHeaderValue } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brokenHeaderRule } from '../../../src/transport/header-rules.js';

const NAME = "must be a header's name, such as 'x-session'";
const MEANING = 'must not be a header with a meaning of its own';

describe('brokenHeaderRule()', () => {
  it.each(['', ' ', 'x session', 'x-session:', 'x\r\ny', 'x-sitzung-für', 'x;y', ':authority', 'x"', 'x\u0000'])(
    'refuses the name %j',
    (name) => {
      expect(brokenHeaderRule({ name, scheme: undefined })).toEqual({ option: 'name', cure: NAME });
      expect(brokenHeaderRule({ name, scheme: 'Bearer' })).toEqual({ option: 'name', cure: NAME });
    },
  );

  it.each([
    'cookie',
    'Set-Cookie',
    'host',
    'Connection',
    'transfer-encoding',
    'content-length',
    'Content-Type',
    'accept',
    'Accept-Language',
    'if-none-match',
    'sec-fetch-site',
    'proxy-authorization',
    'access-control-allow-origin',
    'x-forwarded-for',
    'Forwarded',
    'vary',
    'Cache-Control',
    'location',
    'ETag',
    'date',
    'server',
    'www-authenticate',
    'retry-after',
    'user-agent',
    'Link',
    'Strict-Transport-Security',
    '__proto__',
    'constructor',
  ])('refuses %s, which means something else', (name) => {
    expect(brokenHeaderRule({ name, scheme: undefined })).toEqual({ option: 'name', cure: MEANING });
  });

  it.each(['', ' ', 'Bearer ', 'a b', 'Bearer,', 'Bärer', 'Bearer\r\n'])('refuses the scheme %j', (scheme) => {
    const broken = { option: 'scheme', cure: "must be one word, such as 'Bearer'" };
    expect(brokenHeaderRule({ name: 'authorization', scheme })).toEqual(broken);
    expect(brokenHeaderRule({ name: 'x-session', scheme })).toEqual(broken);
  });

  it.each(['authorization', 'Authorization', 'AUTHORIZATION'])('refuses %s without a scheme', (name) => {
    expect(brokenHeaderRule({ name, scheme: undefined })).toEqual({
      option: 'scheme',
      cure: "must be given with the header Authorization, such as 'Bearer'",
    });
  });

  it.each<[name: string, scheme: string | undefined]>([
    ['x-session', undefined],
    ['X-Session', 'Token'],
    ['session', undefined],
    ['Authorization', 'Bearer'],
    ['x-accept', undefined],
    ['x-authorization', undefined],
    ['cookies', undefined],
    ['hosts', undefined],
  ])('%s with the scheme %j breaks none', (name, scheme) => {
    expect(brokenHeaderRule({ name, scheme })).toBeUndefined();
  });

  it('refuses at start whatever Node would not send later', () => {
    const text = fc.string({ unit: 'binary-ascii', maxLength: 8 });
    fc.assert(
      fc.property(text, fc.option(text, { nil: undefined }), (name, scheme) => {
        fc.pre(brokenHeaderRule({ name, scheme }) === undefined);
        expect(() => {
          validateHeaderName(name);
          validateHeaderValue(name, `${scheme ?? ''} value`);
        }).not.toThrow();
      }),
    );
  });
});
