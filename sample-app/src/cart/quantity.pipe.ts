import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import { MAX_QUANTITY } from './cart.js';

/** Turns what a form or a device sent into a quantity; anything but a whole number in range is a 400. */
@Injectable()
export class QuantityPipe implements PipeTransform<unknown, number> {
  transform(value: unknown): number {
    const text = typeof value === 'number' ? String(value) : value;
    const quantity = typeof text === 'string' && /^\d{1,3}$/.test(text) ? Number(text) : 0;
    if (quantity < 1 || quantity > MAX_QUANTITY) {
      throw new BadRequestException(`Please choose a quantity from 1 to ${MAX_QUANTITY}.`);
    }
    return quantity;
  }
}
