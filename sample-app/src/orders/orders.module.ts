import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { CartModule } from '../cart/cart.module.js';
import { AccountController } from './account.controller.js';
import { CheckoutController } from './checkout.controller.js';
import { OrdersService } from './orders.service.js';

@Module({
  imports: [AuthModule, CartModule],
  controllers: [CheckoutController, AccountController],
  providers: [OrdersService],
})
export class OrdersModule {}
