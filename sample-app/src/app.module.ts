import { Module } from '@nestjs/common';
import { SessionsModule } from 'nest-sessions';
import { ApiModule } from './api/api.module.js';
import { AuthModule } from './auth/auth.module.js';
import { Visitor } from './auth/visitor.js';
import { Cart } from './cart/cart.js';
import { CartModule } from './cart/cart.module.js';
import { CatalogModule } from './catalog/catalog.module.js';
import { DevicesModule } from './devices/devices.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { PagesModule } from './pages/pages.module.js';
import { RequestsAtWork } from './platform/requests-at-work.js';
import { sessionKeys } from './platform/session-keys.js';
import { Preferences } from './preferences/preferences.js';
import { PreferencesModule } from './preferences/preferences.module.js';
import { SessionPageModule } from './session/session-page.module.js';
import { SHOP_STORAGE, StorageModule } from './storage/storage.module.js';

/** Where the server keeps sessions: the environment says. */
const storage = { useExisting: SHOP_STORAGE };

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
        {
          type: Visitor,
          name: 'visitor',
          storage,
          idleTimeout: '30m',
          absoluteTimeout: '12h',
          // Of one user's browsers. Who signs in on an eleventh is signed out where they were signed in first.
          limit: { perPrincipal: 10, onExceeded: 'evictOldest' },
        },
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
    StorageModule,
    PagesModule,
    CatalogModule,
    CartModule,
    AuthModule,
    OrdersModule,
    DevicesModule,
    SessionPageModule,
    PreferencesModule,
    ApiModule,
  ],
  providers: [RequestsAtWork],
})
export class AppModule {}
