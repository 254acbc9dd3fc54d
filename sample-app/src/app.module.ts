import { Module } from '@nestjs/common';
import { CacheStorage, DirectoryStorage, SessionsModule } from 'nest-sessions';
import { ApiModule } from './api/api.module.js';
import { AuthModule } from './auth/auth.module.js';
import { Visitor } from './auth/visitor.js';
import { Cart } from './cart/cart.js';
import { CartModule } from './cart/cart.module.js';
import { CatalogModule } from './catalog/catalog.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { PagesModule } from './pages/pages.module.js';
import { SESSIONS_DIR } from './platform/paths.js';
import { sessionKeys } from './platform/session-keys.js';
import { Preferences } from './preferences/preferences.js';
import { PreferencesModule } from './preferences/preferences.module.js';
import { SessionPageModule } from './session/session-page.module.js';

/** Keeps several sessions, since a record knows whose it is: in files, and what is in use in memory as well. */
const storage = new CacheStorage(new DirectoryStorage(SESSIONS_DIR));

/**
 * The shop. It has several sessions, because they live for different times: a visitor is signed in for half an hour of
 * doing nothing, and until the browser is closed; a cart waits for a week, through restarts of the browser.
 *
 * Preferences are remembered for a year, and hardly worth a record of the server's for all that time: they are sealed into
 * their cookie. What must be able to end before its time, as a login must, is better kept by the server.
 */
@Module({
  imports: [
    SessionsModule.forRoot({
      sessions: [
        { type: Visitor, name: 'visitor', storage, idleTimeout: '30m', absoluteTimeout: '12h' },
        { type: Cart, name: 'cart', storage, idleTimeout: '7d', absoluteTimeout: '30d', cookie: { maxAge: '7d' } },
        {
          type: Preferences,
          name: 'prefs',
          clientSide: true,
          keys: sessionKeys,
          cookie: { maxAge: '365d' },
          idleTimeout: '365d',
          absoluteTimeout: false,
          touchAfter: '1d',
        },
      ],
    }),
    PagesModule,
    CatalogModule,
    CartModule,
    AuthModule,
    OrdersModule,
    SessionPageModule,
    PreferencesModule,
    ApiModule,
  ],
})
export class AppModule {}
