import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { mayKeepSecure } from '../../../src/transport/secure-delivery.js';

describe('mayKeepSecure()', () => {
  it.each([
    'localhost',
    'localhost:3000',
    'LocalHost',
    'shop.localhost',
    'a.b.localhost:80',
    '127.0.0.1',
    '127.0.0.1:8080',
    '127.8.9.10',
    '[::1]',
    '[::1]:3000',
  ])('is true of the host %s, which is the machine itself', (host) => {
    expect(mayKeepSecure({ host })).toBe(true);
    expect(mayKeepSecure({ ':authority': host })).toBe(true);
  });

  it.each([
    'shop.example',
    'localhost.example',
    'notlocalhost',
    'localhost:3000.example',
    '.localhost',
    '127.0.0.1.example',
    '127.0.0',
    '128.0.0.1',
    '10.0.0.1',
    '192.168.0.1:3000',
    '[::2]',
    '::1.example',
    '',
  ])('is false of the host %j', (host) => {
    expect(mayKeepSecure({ host })).toBe(false);
    expect(mayKeepSecure({ ':authority': host })).toBe(false);
  });

  it.each<IncomingHttpHeaders>([
    { 'x-forwarded-proto': 'https' },
    { 'x-forwarded-proto': 'HTTPS' },
    { 'x-forwarded-proto': 'https, http' },
    { forwarded: 'proto=https' },
    { forwarded: 'for=192.0.2.43; Proto="https"; host=shop.example' },
    { forwarded: 'for=192.0.2.43, for=198.51.100.17;proto=https' },
  ])('is true where a proxy says that its client speaks HTTPS: %j', (headers) => {
    expect(mayKeepSecure({ host: 'shop.example', ...headers })).toBe(true);
  });

  it.each<IncomingHttpHeaders>([
    {},
    { 'x-forwarded-proto': 'http' },
    { 'x-forwarded-proto': 'http, https' },
    { 'x-forwarded-proto': 'httpsx' },
    { 'x-forwarded-proto': '' },
    { 'x-forwarded-host': 'https' },
    { forwarded: 'proto=http;host=https' },
    { forwarded: 'for=https' },
  ])('is false where no proxy does: %j', (headers) => {
    expect(mayKeepSecure({ host: 'shop.example', ...headers })).toBe(false);
    expect(mayKeepSecure(headers)).toBe(false);
  });
});
