import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { BERTH_VERSION, liveSchema } from '#contracts';
import { Operation } from '../http/operation.js';
import { OfTerm, type PerTerm } from '../terms/per-term.js';
import { ProcessReadiness } from './readiness.js';
import { StoreWatch } from './store-watch.js';

/** `store` is told while it fails: warm models are routed all the same. */
interface ReadyBody {
  readonly status: string;
  readonly store?: string;
}

/** Whether this process runs, and whether it serves. */
@Controller('health')
export class HealthController {
  constructor(
    @Inject(ProcessReadiness) private readonly readiness: ProcessReadiness,
    @OfTerm(StoreWatch) private readonly store: PerTerm<StoreWatch>,
  ) {}

  @Get('live')
  @Operation('GetLive', 'Whether the process runs, and its version', { 200: liveSchema })
  live(): z.infer<typeof liveSchema> {
    return { status: 'live', version: BERTH_VERSION };
  }

  @Get('ready')
  @Operation('GetReady', 'Whether it serves', { 200: null, 503: null })
  ready(@Res({ passthrough: true }) reply: FastifyReply): ReadyBody {
    const status = this.readiness.state();
    const isStoreOk = this.store.leading?.isOk() ?? true;
    void reply.status(status === 'ready' ? 200 : 503);
    return { status, ...(isStoreOk ? {} : { store: 'failing' }) };
  }
}
