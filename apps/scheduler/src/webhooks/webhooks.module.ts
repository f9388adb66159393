import { Module } from '@nestjs/common';
import { WebhooksController } from './webhooks.controller.js';

/** For autoscalers that can call. */
@Module({ controllers: [WebhooksController] })
export class WebhooksModule {}
