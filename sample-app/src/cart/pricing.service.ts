import { Inject, Injectable } from '@nestjs/common';
import { CatalogService } from '../catalog/catalog.service.js';
import { formatMoney } from '../catalog/money.js';
import type { CartLine } from './cart.js';

/** A cart line with its product's name and what it costs, ready to show. */
export interface PricedLine extends CartLine {
  readonly name: string;
  readonly price: string;
  readonly subtotal: string;
}

/** A cart with today's prices. */
export interface PricedCart {
  readonly lines: readonly PricedLine[];
  readonly total: string;
}

/** Puts prices on a cart. A cart stores ids only, so a price in it is never out of date. */
@Injectable()
export class PricingService {
  constructor(@Inject(CatalogService) private readonly catalog: CatalogService) {}

  /** Prices `lines`; one whose product the shop no longer sells is left out. */
  price(lines: readonly CartLine[]): PricedCart {
    const known = lines.flatMap((line) => {
      const product = this.catalog.find(line.productId);
      return product ? [{ line, product, cents: product.price * line.quantity }] : [];
    });
    return {
      lines: known.map(({ line, product, cents }) => ({
        ...line,
        name: product.name,
        price: formatMoney(product.price),
        subtotal: formatMoney(cents),
      })),
      total: formatMoney(known.reduce((total, { cents }) => total + cents, 0)),
    };
  }
}
