import { Module } from '@nestjs/common';
import { AlertWrites } from './alert-writes.js';
import { AlertsController } from './alerts.controller.js';

/** For Alertmanager. */
@Module({ controllers: [AlertsController], providers: [AlertWrites] })
export class AlertsModule {}
