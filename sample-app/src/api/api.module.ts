import { Module } from '@nestjs/common';
import { SessionsModule } from 'nest-sessions';
import { AuthModule } from '../auth/auth.module.js';
import { CartModule } from '../cart/cart.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { SHOP_STORAGE } from '../storage/storage.module.js';
import { DeviceCartController } from './device-cart.controller.js';
import { DeviceController } from './device.controller.js';
import { Device } from './device.js';

/**
 * The shop for a mobile client: JSON, and no cookies. A device has its session's token from the Authorization header of the
 * response to its sign-in, keeps it as it keeps passwords, and sends it in the same header of its requests.
 *
 * The session belongs to this feature, so it is registered here; its records are with those of the shop.
 */
@Module({
  imports: [
    SessionsModule.forFeature({
      type: Device,
      name: 'device',
      header: { name: 'authorization', scheme: 'Bearer' },
      storage: { useExisting: SHOP_STORAGE },
      idleTimeout: '30d',
      absoluteTimeout: '180d',
      limit: { perPrincipal: 10 },
    }),
    AuthModule,
    CartModule,
    CatalogModule,
  ],
  controllers: [DeviceController, DeviceCartController],
})
export class ApiModule {}
