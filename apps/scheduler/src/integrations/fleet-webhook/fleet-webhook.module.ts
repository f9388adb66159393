import { Module } from '@nestjs/common';
import { WebhooksController } from './fleet-webhook.controller.js';

/** For autoscalers that can call. */
@Module({ controllers: [WebhooksController] })
export class WebhooksModule {}
