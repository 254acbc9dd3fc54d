import { Controller, Get, Inject, Render } from '@nestjs/common';
import { CatalogService } from './catalog.service.js';
import { formatMoney } from './money.js';

@Controller()
export class CatalogController {
  constructor(@Inject(CatalogService) private readonly catalog: CatalogService) {}

  @Get()
  @Render('catalog')
  list() {
    const products = this.catalog.list().map((product) => ({ ...product, price: formatMoney(product.price) }));
    return { products };
  }
}
