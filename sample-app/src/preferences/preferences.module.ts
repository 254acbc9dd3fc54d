import { Module } from '@nestjs/common';
import { LookService } from './look.service.js';
import { PreferencesController } from './preferences.controller.js';

@Module({
  controllers: [PreferencesController],
  providers: [LookService],
  exports: [LookService],
})
export class PreferencesModule {}
