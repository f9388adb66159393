import { Module } from '@nestjs/common';
import { FleetHooks } from './fleet-hooks.js';
import { WebhooksController } from './webhooks.controller.js';

/** For autoscalers that can call. */
@Module({ controllers: [WebhooksController], providers: [FleetHooks] })
export class WebhooksModule {}
