import { Controller, Get, HttpStatus, Inject, Post, Redirect, Render } from '@nestjs/common';
import { Session } from 'nest-sessions';
import { CurrentUser } from '../auth/current-user.decorator.js';
import { SignedIn } from '../auth/signed-in.decorator.js';
import type { User } from '../auth/user.js';
import { Visitor } from '../auth/visitor.js';
import { Cart } from '../cart/cart.js';
import { PricingService } from '../cart/pricing.service.js';
import { OrdersService } from './orders.service.js';

@Controller('checkout')
@SignedIn()
export class CheckoutController {
  constructor(
    @Inject(PricingService) private readonly pricing: PricingService,
    @Inject(OrdersService) private readonly orders: OrdersService,
  ) {}

  @Get()
  @Render('checkout')
  show(@Session(Cart) cart: Session<Cart>) {
    return { cart: this.pricing.price(cart.data.lines) };
  }

  @Post()
  @Redirect('/account', HttpStatus.SEE_OTHER)
  async placeOrder(
    @CurrentUser() user: User,
    @Session(Cart) cart: Session<Cart>,
    @Session(Visitor) visitor: Session<Visitor>,
  ): Promise<{ url: string }> {
    // `take` gives the lines to one request alone: a double click places one order.
    const lines = (await cart.take('lines')) ?? [];
    if (lines.length === 0) {
      visitor.data.flash = { kind: 'error', text: 'nothingToOrder' };
      return { url: '/cart' };
    }
    const order = this.orders.place(user, this.pricing.price(lines));
    visitor.data.flash = { kind: 'notice', text: 'ordered', about: String(order.number) };
    return { url: '/account' };
  }
}
