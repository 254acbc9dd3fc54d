import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { CartController } from './cart.controller.js';
import { PricingService } from './pricing.service.js';

@Module({
  imports: [CatalogModule],
  controllers: [CartController],
  providers: [PricingService],
  exports: [PricingService],
})
export class CartModule {}
