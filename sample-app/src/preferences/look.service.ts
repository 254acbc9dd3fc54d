import { type ArgumentsHost, Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { SessionsService } from 'nest-sessions';
import type { IncomingHttpHeaders } from 'node:http';
import { type Texts, TEXTS } from '../texts/texts.js';
import { acceptedLanguage, type Language, LANGUAGES } from './language.js';
import { Preferences, type Theme, THEMES } from './preferences.js';

/** How pages look for one visitor, and what else there is to choose. */
export interface Look {
  readonly theme: Theme;
  readonly language: Language;
  readonly text: Texts;
  readonly themes: typeof THEMES;
  readonly languages: typeof LANGUAGES;
}

/** Knows how a visitor likes the pages. */
@Injectable()
export class LookService {
  constructor(
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /** The look of the page that answers a request. A visitor who has chosen nothing gets a default, and no cookie. */
  async of(context: ArgumentsHost): Promise<Look> {
    const http = context.switchToHttp();
    const { headers } = http.getRequest<{ headers: IncomingHttpHeaders }>();
    const { data } = await this.sessions.of(context, Preferences);
    const { theme, language = acceptedLanguage(headers['accept-language']) } = data;
    // A cache must not hand one visitor's language to the next; that pages depend on cookies, the session says itself.
    this.host.httpAdapter.appendHeader(http.getResponse(), 'Vary', 'Accept-Language');
    return { theme, language, text: TEXTS[language], themes: THEMES, languages: LANGUAGES };
  }
}
