/** A name, and how it shows in a `User-Agent`. */
type Sign = readonly [name: string, pattern: RegExp];

/** The first that fits is it: most browsers claim to be some of the others as well. */
const BROWSERS: readonly Sign[] = [
  ['Edge', /Edg(e|A|iOS)?\//],
  ['Opera', /OPR\//],
  ['Samsung Internet', /SamsungBrowser\//],
  ['Firefox', /(Firefox|FxiOS)\//],
  ['Chrome', /(Chrome|Chromium|CriOS)\//],
  ['Safari', /Version\/.*Safari\//],
];
const SYSTEMS: readonly Sign[] = [
  ['iPhone', /iPhone/],
  ['iPad', /iPad/],
  ['Android', /Android/],
  ['ChromeOS', /CrOS/],
  ['Windows', /Windows/],
  ['macOS', /Macintosh/],
  ['Linux', /Linux/],
];

/**
 * Names a browser and its system, such as "Firefox (Linux)", for a user who looks at a list of their devices. A client may say of
 * itself what it likes; only names from here come out.
 *
 * @param userAgent the header of a request
 * @returns `undefined` when neither is known
 */
export function clientName(userAgent = ''): string | undefined {
  const find = (signs: readonly Sign[]) => signs.find(([, pattern]) => pattern.test(userAgent))?.[0];
  const browser = find(BROWSERS);
  const system = find(SYSTEMS);
  return browser !== undefined && system !== undefined ? `${browser} (${system})` : (browser ?? system);
}
