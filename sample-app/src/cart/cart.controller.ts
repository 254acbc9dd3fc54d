import { Body, Controller, Get, HttpStatus, Inject, Param, Post, Redirect, Render } from '@nestjs/common';
import { Session } from 'nest-sessions';
import { Visitor } from '../auth/visitor.js';
import type { Product } from '../catalog/product.js';
import { ProductPipe } from '../catalog/product.pipe.js';
import { Cart, MAX_QUANTITY } from './cart.js';
import { PricingService } from './pricing.service.js';
import { QuantityPipe } from './quantity.pipe.js';

/**
 * The cart. Every change is a POST answered by a redirect: the session is stored before the redirect leaves, so the page
 * that the browser asks for next always shows the change.
 */
@Controller('cart')
export class CartController {
  constructor(@Inject(PricingService) private readonly pricing: PricingService) {}

  @Get()
  @Render('cart')
  show(@Session(Cart) cart: Session<Cart>) {
    return { cart: this.pricing.price(cart.data.lines), maxQuantity: MAX_QUANTITY };
  }

  @Post('items')
  @Redirect('/cart', HttpStatus.SEE_OTHER)
  async add(
    @Session(Cart) cart: Session<Cart>,
    @Session(Visitor) visitor: Session<Visitor>,
    @Body('productId', ProductPipe) product: Product,
    @Body('quantity', QuantityPipe) quantity: number,
  ): Promise<void> {
    // `update` works on what is stored at that moment: of two clicks at once, both count.
    await cart.update((data) => data.add(product.id, quantity));
    visitor.data.flash = { kind: 'notice', text: 'inCart', about: product.name };
  }

  @Post('items/:productId')
  @Redirect('/cart', HttpStatus.SEE_OTHER)
  async change(
    @Session(Cart) cart: Session<Cart>,
    @Param('productId', ProductPipe) product: Product,
    @Body('quantity', QuantityPipe) quantity: number,
  ): Promise<void> {
    await cart.update((data) => data.change(product.id, quantity));
  }

  @Post('items/:productId/remove')
  @Redirect('/cart', HttpStatus.SEE_OTHER)
  async remove(@Session(Cart) cart: Session<Cart>, @Param('productId', ProductPipe) product: Product): Promise<void> {
    await cart.update((data) => data.remove(product.id));
  }

  @Post('empty')
  @Redirect('/cart', HttpStatus.SEE_OTHER)
  empty(@Session(Cart) cart: Session<Cart>): void {
    // Nothing to read first, so a plain assignment is enough; it is stored when the handler is done.
    cart.data.lines = [];
  }
}
