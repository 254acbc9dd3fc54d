/** The languages that the shop speaks, as they call themselves. The first is for whoever asks for none of them. */
export const LANGUAGES = { en: 'English', de: 'Deutsch', fr: 'Français' } as const;

/** One of them, by its code. */
export type Language = keyof typeof LANGUAGES;

/** Whether a code is that of a language that the shop speaks. */
export function isLanguage(code: unknown): code is Language {
  return typeof code === 'string' && Object.hasOwn(LANGUAGES, code);
}

/**
 * Finds the language that a browser asks for.
 *
 * @param header `Accept-Language`, such as `de-AT,de;q=0.9,en;q=0.8`
 * @returns English when the shop speaks none of those
 * @see RFC 9110, section 12.5.4
 */
export function acceptedLanguage(header = ''): Language {
  const wishes = header.split(',').map((wish) => {
    const [range = '', quality = 'q=1'] = wish.toLowerCase().split(/\s*;\s*/);
    // Austrian German is German here
    return { code: range.trim().split('-', 1)[0], quality: Number(quality.replace('q=', '')) };
  });
  const [best] = wishes
    .filter(({ code, quality }) => isLanguage(code) && quality > 0)
    .toSorted((one, other) => other.quality - one.quality);
  return isLanguage(best?.code) ? best.code : 'en';
}
