import { Controller, Delete, Get, Param, Post } from '@nestjs/common';
import { type WarmupMessage, warmupSchema, type WarmupsMessage, warmupsSchema } from '#contracts';
import { Operation, WITHOUT_REVISION, Write } from '../../transport/http/operation.js';
import { JsonBody, withPlainMessages } from '../../transport/http/plain-messages.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import type { Caller } from '../../transport/access/caller.js';
import { FromCaller } from '../idempotency/caller.decorator.js';
import { WarmupCalls } from './warmup-calls.js';
import { type WarmupBody, warmupBodySchema, warmupId } from './warmup-requests.js';

const ID = { schema: withPlainMessages(warmupId, 'id') };

/** Warm-ups over HTTP. */
@Controller('v1/warmups')
export class WarmupsController {
  constructor(@OfTerm(WarmupCalls) private readonly warmups: PerTerm<WarmupCalls>) {}

  @Post()
  @Write(
    'StartWarmup',
    'Has up to 1,000 models loaded, a few at a time; answers before the first load',
    { 202: warmupSchema },
    ['no_leader'],
    WITHOUT_REVISION,
  )
  start(@JsonBody(warmupBodySchema) body: WarmupBody, @FromCaller() caller: Caller) {
    return this.warmups.now.start(body, caller);
  }

  @Get()
  @Operation('ListWarmups', 'Lists the warm-ups that are kept, the newest first', { 200: warmupsSchema }, [
    'queue_full',
    'store_unavailable',
  ])
  list(): Promise<WarmupsMessage> {
    return this.warmups.now.list();
  }

  @Get(':id')
  @Operation('GetWarmup', 'Tells how far a warm-up is', { 200: warmupSchema }, [
    'unknown_warmup',
    'store_unavailable',
  ])
  get(@Param('id', ID) id: string): Promise<WarmupMessage> {
    return this.warmups.now.get(id);
  }

  @Delete(':id')
  @Write(
    'CancelWarmup',
    'Cancels a warm-up: no other model of it is begun, and what is being loaded stays',
    { 202: warmupSchema },
    ['unknown_warmup', 'no_leader'],
    WITHOUT_REVISION,
  )
  cancel(@Param('id', ID) id: string, @FromCaller() caller: Caller) {
    return this.warmups.now.cancel(id, caller);
  }
}
