import { Controller, HttpCode, Injectable, Post } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { durableSchema } from '#contracts';
import { BODY, Operation } from '../../transport/http/operation.js';
import { JsonBody } from '../../transport/http/plain-messages.js';
import { Semaphore } from '../../transport/limits/semaphore.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import type { Caller } from '../../transport/access/caller.js';
import { FromCaller } from '../../admin/idempotency/caller.decorator.js';
import type { Written } from '../../admin/idempotency/writes.js';
import { alertBodySchema } from './alert-body.js';
import { type AlertsTold, AlertWrites } from './alert-writes.js';
import { RESULTS } from './judge-alerts.js';

const PATH = 'v1/webhooks/alertmanager';

/** 400 alerts with their usual labels are a quarter of it. */
const MAX_BODY_LENGTH = 2 ** 20;

const toldSchema = z.object({
  durable: durableSchema,
  results: z
    .partialRecord(z.enum(RESULTS), z.int().min(1))
    .meta({ description: 'How many alerts came to what.' }),
});

/** Bounds the bodies under way: one of 1 MiB takes several times as much once it is read. */
@Injectable()
export class AlertPlaces extends Semaphore {
  constructor() {
    super(8, { reason: 'busy', detail: 'too many bodies of alerts are under way', retryAfter: 1_000 });
  }
}

/** The webhook of Alertmanager. */
@Controller()
export class AlertsController {
  constructor(@OfTerm(AlertWrites) private readonly writes: PerTerm<AlertWrites>) {}

  @Post(PATH)
  @HttpCode(202)
  @Operation(
    'AlertmanagerWebhook',
    'Does what the rules of the configuration say of the alerts that Alertmanager posts; the body may have 1 MiB',
    { 202: toldSchema },
    [...BODY, 'store_unavailable', 'shutting_down', 'busy'],
  )
  hear(
    @JsonBody(z.unknown(), alertBodySchema) body: unknown,
    @FromCaller() caller: Caller,
  ): Promise<Written<AlertsTold>> {
    return this.writes.now.hear(body, caller);
  }
}

/** Such a body may be longer than others. It has its place once it has come whole, until its answer is taken or the connection closes. */
export function boundAlerts(fastify: FastifyInstance, places: AlertPlaces): void {
  fastify.addHook('onRoute', (route) => {
    if (route.url !== `/${PATH}`) return;
    route.bodyLimit = MAX_BODY_LENGTH;
    // Alertmanager takes labels of any name: one alert must not keep the others of its body from being heard.
    route.config = { ...route.config, dropsProtoKeys: true };
    route.preValidation = (_, reply, done) => {
      reply.raw.once('close', places.take());
      done();
    };
  });
}
