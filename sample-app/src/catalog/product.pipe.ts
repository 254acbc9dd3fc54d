import { Inject, Injectable, NotFoundException, type PipeTransform } from '@nestjs/common';
import { CatalogService } from './catalog.service.js';
import type { Product } from './product.js';

/** Turns the id that a form sent into the product; what the shop does not sell is a 404. */
@Injectable()
export class ProductPipe implements PipeTransform<unknown, Product> {
  constructor(@Inject(CatalogService) private readonly catalog: CatalogService) {}

  transform(id: unknown): Product {
    const product = typeof id === 'string' ? this.catalog.find(id) : undefined;
    if (!product) throw new NotFoundException('We do not sell that.');
    return product;
  }
}
