import fc from 'fast-check';
import { formatToken, randomId, randomSecret } from '../../src/tracker/token.js';

const token = (): string => formatToken({ id: randomId(), secret: randomSecret() });
const twin = (text: string): string => {
  // The last character of these has bits that mean nothing: another one decodes to the same bytes
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + (alphabet[(alphabet.indexOf(text.at(-1) ?? 'A') + 1) % 64] ?? '');
};

/** Below what Node takes for a whole head, in bytes. */
export const MAX_FIELD = 15_000;

/** Bytes that a field's value may carry. */
const octet = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
  { weight: 2, arbitrary: fc.integer({ min: 0x80, max: 0xff }) },
  { weight: 1, arbitrary: fc.constant(0x09) },
);
const octets = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(octet, { maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const scraps = fc
  .array(
    fc.constantFrom('sid', 'xsid', '=', ';', ' ', '"', ',', '%', '%00', '%2e', '..', '/', '.', 'A', '\\', '\t', 'é'),
    {
      maxLength: 40,
    },
  )
  .map((parts) => parts.join(''));

/** Ways to spoil the token of a living session so that it is none any more. */
const spoilers: readonly ((value: string) => string)[] = [
  () => '',
  (value) => `"${value}"`,
  (value) => `${value}.`,
  (value) => `.${value}`,
  (value) => `${value}=`,
  (value) => `${value}%00`,
  (value) => encodeURIComponent(value).replaceAll('.', '%2E'),
  (value) => value.replaceAll(/./g, (one) => `%${one.charCodeAt(0).toString(16)}`),
  (value) => value.slice(1),
  (value) => value.slice(0, -1),
  (value) => value.slice(0, 22),
  (value) => value.slice(22),
  (value) => value.replace('.', ''),
  (value) => value.replace('.', ' .'),
  (value) => value.replace('.', '..'),
  (value) => value.replace('.', '%2e'),
  (value) => twin(value),
  (value) => `${twin(value.slice(0, 22))}${value.slice(22)}`,
  (value) => `../${value.slice(3)}`,
  (value) => `%2e%2e${value.slice(6)}`,
  (value) => `%zz${value.slice(3)}`,
  (value) => `+/${value.slice(2)}`,
  (value) => `s:${value}`,
  (value) => `é${value.slice(1)}`,
  (value) => value.repeat(2),
  (value) => value.repeat(100),
  (value) => value.split('.').toReversed().join('.'),
];

/** Whether a value has the form of a token, told in another way than the library does. */
function isToken(value: string): boolean {
  const [id = '', secret = '', ...rest] = value.split('.');
  const isCanonical = (text: string, bytes: number): boolean => {
    const decoded = Buffer.from(text, 'base64url');
    return decoded.length === bytes && decoded.toString('base64url') === text;
  };
  return rest.length === 0 && isCanonical(id, 16) && isCanonical(secret, 32);
}

/** All that stands where a value of some cookie may stand. */
const valuesIn = (field: string): string[] => field.split(/[;=]/).map((value) => value.trim());

/** `Cookie` fields, a character a byte, that HTTP permits and that hold no token, whatever else. */
export function malformedFields(living: readonly string[]): fc.Arbitrary<string> {
  const spoilt = fc
    .tuple(fc.constantFrom(...living), fc.constantFrom(...spoilers))
    .map(([value, spoil]) => spoil(value));
  const value = fc.oneof(spoilt, octets(80), scraps);
  const pair = fc
    .tuple(fc.constantFrom('sid=', 'sid =', ' sid= ', 'xsid=', 'SID=', '=sid=', 'sid'), value)
    .map((parts) => parts.join(''));
  return fc
    .oneof(
      { weight: 3, arbitrary: value.map((value) => `sid=${value}`) },
      { weight: 2, arbitrary: fc.array(pair, { maxLength: 12 }).map((pairs) => pairs.join(';')) },
      { weight: 1, arbitrary: octets(300) },
      { weight: 1, arbitrary: scraps },
      { weight: 1, arbitrary: fc.nat(300).map((count) => 'sid=x; '.repeat(count)) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.nat(14_000), octet)
          .map(([size, byte]) => `sid=${String.fromCharCode(byte).repeat(size)}`),
      },
    )
    .filter((field) => field.length < MAX_FIELD && !valuesIn(field).some(isToken));
}

/** Such fields with tokens that are well-formed, and those of no living session: unknown ids, living ids with other secrets. */
export function foreignFields(living: readonly string[]): fc.Arbitrary<string> {
  const foreign = fc.oneof(
    fc.constant(0).map(() => token()),
    fc.constantFrom(...living).map((value) => formatToken({ id: value.slice(0, 22), secret: randomSecret() })),
    fc.constantFrom(...living).map((value) => formatToken({ id: randomId(), secret: value.slice(23) })),
  );
  const other = fc.constantFrom('a=1', 'xsid=1', 'sid=', 'sid="x"', 'sid=x');
  return fc
    .tuple(fc.array(foreign, { minLength: 1, maxLength: 4 }), fc.array(other, { maxLength: 3 }))
    .map(([tokens, others]) => [...tokens.map((value) => `sid=${value}`), ...others].join('; '));
}

/** Such fields that HTTP does not permit: control characters, line ends, too long. */
export function forbiddenFields(living: readonly string[]): fc.Arbitrary<string> {
  const control = fc.constantFrom(...Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)), '\x7f');
  const attempt = fc.constantFrom(
    '\r\nX-Other: 1',
    '\nX-Other: 1',
    '\rX-Other: 1',
    '\r\n folded',
    '\r\nCookie: sid=x',
    '\r\nCookie: sid=\0',
    '\r\nContent-Length: 5',
    '\r\nTransfer-Encoding: chunked',
    '\r\n\r\nGET /read HTTP/1.1\r\nHost: localhost\r\nCookie: sid=x',
    '\r\nSet-Cookie: sid=x',
  );
  const spoilt = fc.constantFrom(...living).map((value) => value.slice(0, 60));
  const value = fc.oneof(spoilt, octets(60), scraps);
  return fc
    .oneof(
      { weight: 4, arbitrary: fc.tuple(value, control, value).map((parts) => parts.join('')) },
      { weight: 3, arbitrary: fc.tuple(value, attempt, value).map((parts) => parts.join('')) },
      { weight: 1, arbitrary: fc.integer({ min: 16_000, max: 100_000 }).map((size) => 'x'.repeat(size)) },
      { weight: 1, arbitrary: fc.integer({ min: 2500, max: 5000 }).map((count) => 'sid=x; '.repeat(count)) },
    )
    .map((value) => `sid=${value}`)
    .filter((field) => !valuesIn(field).some(isToken));
}
