import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import { isLanguage } from './language.js';
import { type Preferences, THEMES } from './preferences.js';

/** Turns what a form sent into a choice of theme or of language; anything else is a 400. */
@Injectable()
export class PreferencesPipe implements PipeTransform<unknown, Partial<Preferences>> {
  transform(body: unknown): Partial<Preferences> {
    const { theme, language } = (body ?? {}) as Record<string, unknown>;
    const known = THEMES.find((candidate) => candidate === theme);
    if (known) return { theme: known };
    if (isLanguage(language)) return { language };
    throw new BadRequestException('Please choose a theme or a language that we have.');
  }
}
