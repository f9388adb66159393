import { Module } from '@nestjs/common';
import { AlertPlaces, AlertsController } from './alerts.controller.js';

/** For Alertmanager. */
@Module({ controllers: [AlertsController], providers: [AlertPlaces] })
export class AlertsModule {}
