import { Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import { AuthModule } from '../auth/auth.module.js';
import { PreferencesModule } from '../preferences/preferences.module.js';
import { ErrorPageFilter } from './error-page.filter.js';
import { PageInterceptor } from './page.interceptor.js';

/** What all pages have in common. */
@Module({
  imports: [AuthModule, PreferencesModule],
  providers: [
    { provide: APP_INTERCEPTOR, useClass: PageInterceptor },
    { provide: APP_FILTER, useClass: ErrorPageFilter },
  ],
})
export class PagesModule {}
