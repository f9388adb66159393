import { Controller, Injectable, Post } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { BATCH_BYTES, batchSchema } from '#contracts';
import { WITHOUT_REVISION, Write } from '../../transport/http/operation.js';
import { JsonBody } from '../../transport/http/plain-messages.js';
import { Semaphore } from '../../transport/limits/semaphore.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import type { Caller } from '../../transport/access/caller.js';
import { FromCaller } from '../idempotency/caller.decorator.js';
import { ModelBatch, publishedBatchSchema } from './model-batch.js';

/** A colon begins a parameter; two of them are one. */
const PATH = 'models::batch';

/** Bounds the batches under way, over HTTP and gRPC together. */
@Injectable()
export class BatchPlaces extends Semaphore {
  constructor() {
    super(8, { reason: 'queue_full', detail: 'too many batches are under way', retryAfter: 1_000 });
  }
}

/** The batch over HTTP. */
@Controller('v1')
export class BatchController {
  constructor(@OfTerm(ModelBatch) private readonly batch: PerTerm<ModelBatch>) {}

  @Post(PATH)
  @Write(
    'BatchModels',
    'Declares up to 1,000 models, all or none, each as PUT does; the body may have 4 MiB',
    { 200: batchSchema },
    ['pin_does_not_fit', 'no_server'],
    WITHOUT_REVISION,
  )
  declare(@JsonBody(z.unknown(), publishedBatchSchema) body: unknown, @FromCaller() caller: Caller) {
    return this.batch.certain.declare(body, caller);
  }
}

/**
 * A batch may be longer than any other body. It has its place before its body is read, and until its answer is taken or the
 * connection closes. Nest registers the route after this.
 */
export function boundBatches(fastify: FastifyInstance, places: BatchPlaces): void {
  fastify.addHook('onRoute', (route) => {
    if (route.url !== `/v1/${PATH}`) return;
    route.bodyLimit = BATCH_BYTES;
    route.onRequest = (_, reply, done) => {
      reply.raw.once('close', places.take());
      done();
    };
  });
}
