import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { Session } from 'nest-sessions';
import { type PricedCart, PricingService } from '../cart/pricing.service.js';
import { QuantityPipe } from '../cart/quantity.pipe.js';
import type { Product } from '../catalog/product.js';
import { ProductPipe } from '../catalog/product.pipe.js';
import { Device } from './device.js';
import { DeviceGuard } from './device.guard.js';

/** The cart of a device. Every change is answered with the whole cart, which is stored by then. */
@Controller('api/cart')
@UseGuards(DeviceGuard)
export class DeviceCartController {
  constructor(@Inject(PricingService) private readonly pricing: PricingService) {}

  @Get()
  show(@Session(Device) device: Session<Device>): PricedCart {
    return this.pricing.price(device.data.lines);
  }

  @Post('items')
  @HttpCode(HttpStatus.OK)
  async add(
    @Session(Device) device: Session<Device>,
    @Body('productId', ProductPipe) product: Product,
    @Body('quantity', QuantityPipe) quantity: number,
  ): Promise<PricedCart> {
    const { lines } = await device.update((data) => data.add(product.id, quantity));
    return this.pricing.price(lines);
  }

  @Delete('items/:productId')
  async remove(
    @Session(Device) device: Session<Device>,
    @Param('productId', ProductPipe) product: Product,
  ): Promise<PricedCart> {
    const { lines } = await device.update((data) => data.remove(product.id));
    return this.pricing.price(lines);
  }
}
