import { Controller, Get, Inject, Render } from '@nestjs/common';
import { CurrentUser } from '../auth/current-user.decorator.js';
import { SignedIn } from '../auth/signed-in.decorator.js';
import type { User } from '../auth/user.js';
import { OrdersService } from './orders.service.js';

@Controller('account')
@SignedIn()
export class AccountController {
  constructor(@Inject(OrdersService) private readonly orders: OrdersService) {}

  @Get()
  @Render('account')
  show(@CurrentUser() user: User) {
    return { orders: this.orders.listFor(user) };
  }
}
