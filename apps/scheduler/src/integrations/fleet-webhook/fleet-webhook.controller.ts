import { Controller, Headers, HttpCode, Post } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { z } from 'zod';
import { fleetHeardSchema } from '#contracts';
import { BODY, Operation } from '../../transport/http/operation.js';
import { JsonBody } from '../../transport/http/plain-messages.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import type { Caller } from '../../transport/access/caller.js';
import { FromCaller } from '../../admin/idempotency/caller.decorator.js';
import type { Written } from '../../admin/idempotency/writes.js';
import { type FleetHeard, FleetHooks } from './fleet-hooks.js';
import { fleetMessageSchema } from './fleet-message.js';

/** What autoscalers tell. */
@Controller('v1/webhooks')
export class WebhooksController {
  constructor(@OfTerm(FleetHooks) private readonly fleet: PerTerm<FleetHooks>) {}

  @Post('fleet')
  @HttpCode(202)
  @Operation(
    'FleetWebhook',
    'Tells of a server that joined, leaves or left; the same message twice takes effect once',
    { 202: fleetHeardSchema },
    [...BODY, 'unknown_server', 'busy', 'store_unavailable', 'shutting_down'],
  )
  @ApiHeader({
    name: 'webhook-id',
    description: 'The name of the message, kept 24 h; it comes before `id` in the body.',
    required: false,
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
  })
  hear(
    @JsonBody(z.unknown(), fleetMessageSchema) body: unknown,
    @Headers('webhook-id') id: string | undefined,
    @FromCaller() caller: Caller,
  ): Promise<Written<FleetHeard>> {
    return this.fleet.now.hear({ body, id, caller });
  }
}
