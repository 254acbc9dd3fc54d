import { describe, expect, it } from 'vitest';
import { clientName } from '../../sample-app/src/auth/client-name.js';

const KHTML = 'AppleWebKit/537.36 (KHTML, like Gecko)';
const IOS = 'CPU iPhone OS 18_5 like Mac OS X';

describe('clientName()', () => {
  it.each([
    ['Firefox (Linux)', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
    ['Firefox (Android)', 'Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0'],
    [
      'Firefox (iPhone)',
      `Mozilla/5.0 (iPhone; ${IOS}) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/140.0 Mobile/15E148`,
    ],
    ['Chrome (Windows)', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${KHTML} Chrome/140.0.0.0 Safari/537.36`],
    ['Chrome (Android)', `Mozilla/5.0 (Linux; Android 10; K) ${KHTML} Chrome/140.0.0.0 Mobile Safari/537.36`],
    ['Chrome (ChromeOS)', `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${KHTML} Chrome/140.0.0.0 Safari/537.36`],
    ['Chrome (iPhone)', `Mozilla/5.0 (iPhone; ${IOS}) AppleWebKit/605.1.15 CriOS/140.0 Mobile/15E148 Safari/604.1`],
    ['Chrome (Linux)', `Mozilla/5.0 (X11; Linux x86_64) ${KHTML} HeadlessChrome/140.0.0.0 Safari/537.36`],
    ['Edge (Windows)', `Mozilla/5.0 (Windows NT 10.0) ${KHTML} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`],
    [
      'Opera (macOS)',
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${KHTML} Chrome/140.0.0.0 Safari/537.36 OPR/120.0`,
    ],
    [
      'Samsung Internet (Android)',
      `Mozilla/5.0 (Linux; Android 10; K) ${KHTML} SamsungBrowser/28.0 Chrome/130.0.0.0 Safari/537.36`,
    ],
    ['Safari (iPhone)', `Mozilla/5.0 (iPhone; ${IOS}) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1`],
    [
      'Safari (iPad)',
      'Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 Version/17.7 Mobile Safari/604.1',
    ],
    [
      'Safari (macOS)',
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15',
    ],
    ['Firefox', 'Mozilla/5.0 (X11; FreeBSD amd64; rv:140.0) Gecko/20100101 Firefox/140.0'],
    ['Android', 'Dalvik/2.1.0 (Linux; U; Android 15; Pixel 9)'],
    [undefined, 'okhttp/4.12.0'],
    [undefined, '<script>alert(1)</script>'],
    [undefined, ''],
    [undefined, undefined],
  ])('says %j of %j', (name, userAgent) => {
    expect(clientName(userAgent)).toBe(name);
  });

  it('says nothing that it was told, however long that is', () => {
    const long = `Version/${'x'.repeat(100_000)}`;
    expect(clientName(`${long} Firefox/1 (Ada’s laptop; Linux)`)).toBe('Firefox (Linux)');
    expect(clientName(long.repeat(2))).toBeUndefined();
  });
});
