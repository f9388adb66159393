import { Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { nameSchema } from '#config';
import {
  deadLetterSchema,
  pageSchema,
  replayedSchema,
  webhookEndpointsSchema,
  type WebhookTestMessage,
  webhookTestSchema,
} from '#contracts';
import { emptyBodySchema } from '../../admin/servers/server-requests.js';
import { BODY, Operation, WITHOUT_REVISION, Write } from '../../transport/http/operation.js';
import { JsonBody, withPlainMessages } from '../../transport/http/plain-messages.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import type { Caller } from '../../transport/access/caller.js';
import { FromCaller, Gone } from '../../admin/idempotency/caller.decorator.js';
import {
  DeadLetterCalls,
  deadLetterId,
  type DeadLetterListQuery,
  deadLetterListSchema,
} from './dead-letter-calls.js';
import { EndpointCalls } from './endpoint-calls.js';

const ENDPOINT = { schema: withPlainMessages(nameSchema.describe('The name of the endpoint.'), 'endpoint') };
const ID = { schema: withPlainMessages(deadLetterId, 'id') };

/** Endpoints that are told events, and their dead letters, over HTTP. */
@Controller('v1/webhooks')
export class EventsController {
  constructor(
    @OfTerm(EndpointCalls) private readonly endpoints: PerTerm<EndpointCalls>,
    @OfTerm(DeadLetterCalls) private readonly letters: PerTerm<DeadLetterCalls>,
  ) {}

  @Get('endpoints')
  @Operation('ListWebhookEndpoints', 'Lists the endpoints that are told events, and how they answer', {
    200: webhookEndpointsSchema,
  })
  list() {
    return this.endpoints.now.list();
  }

  @Post('endpoints/:endpoint/test')
  @HttpCode(200)
  @Operation(
    'TestWebhookEndpoint',
    'Sends an endpoint the event webhook.test, and says how it answered',
    { 200: webhookTestSchema },
    [...BODY, 'unknown_endpoint', 'queue_full', 'shutting_down'],
  )
  test(
    @Param('endpoint', ENDPOINT) endpoint: string,
    @JsonBody(emptyBodySchema) _: undefined,
  ): Promise<WebhookTestMessage> {
    return this.endpoints.now.test(endpoint);
  }

  @Get('dead-letters')
  @Operation(
    'ListDeadLetters',
    'Lists the events that are not sent any more, the newest first',
    { 200: pageSchema(deadLetterSchema) },
    ['queue_full', 'store_unavailable'],
  )
  page(
    @Query({ schema: withPlainMessages(deadLetterListSchema) }) query: DeadLetterListQuery,
    @Gone() signal: AbortSignal,
  ) {
    return this.letters.now.page(query, signal);
  }

  @Post('dead-letters/:id/replay')
  @Write(
    'ReplayDeadLetter',
    'Has the event sent again',
    { 202: replayedSchema },
    ['unknown_dead_letter', 'unknown_endpoint'],
    WITHOUT_REVISION,
  )
  replay(@Param('id', ID) id: string, @JsonBody(emptyBodySchema) _: undefined, @FromCaller() caller: Caller) {
    return this.letters.now.replay(id, caller);
  }

  @Delete('dead-letters/:id')
  @Write('DropDeadLetter', 'Forgets a dead letter', { 204: null }, ['unknown_dead_letter'], WITHOUT_REVISION)
  drop(@Param('id', ID) id: string, @FromCaller() caller: Caller) {
    return this.letters.now.drop(id, caller);
  }
}
