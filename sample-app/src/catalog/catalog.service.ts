import { Injectable } from '@nestjs/common';
import type { Product } from './product.js';
import { PRODUCTS } from './products.js';

/** Knows what the shop sells. */
@Injectable()
export class CatalogService {
  readonly #products = new Map(PRODUCTS.map((product) => [product.id, product]));

  /** Lists every product. */
  list(): Product[] {
    return [...this.#products.values()];
  }

  /** Finds a product; `undefined` when the shop does not sell it. */
  find(id: string): Product | undefined {
    return this.#products.get(id);
  }
}
