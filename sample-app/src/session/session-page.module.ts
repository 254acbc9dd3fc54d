import { Module } from '@nestjs/common';
import { SessionPageController } from './session-page.controller.js';

@Module({ controllers: [SessionPageController] })
export class SessionPageModule {}
