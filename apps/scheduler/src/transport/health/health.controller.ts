import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { BERTH_VERSION, liveSchema } from '#contracts';
import { Operation } from '../http/operation.js';
import { ProcessHealth } from './process-health.js';

/** `store` is told while it fails: warm models are routed all the same. */
interface ReadyBody {
  readonly status: string;
  readonly store?: string;
}

/** Whether this process runs, and whether it serves. */
@Controller('health')
export class HealthController {
  constructor(@Inject(ProcessHealth) private readonly health: ProcessHealth) {}

  @Get('live')
  @Operation('GetLive', 'Whether the process runs, and its version', { 200: liveSchema })
  live(): z.infer<typeof liveSchema> {
    return { status: 'live', version: BERTH_VERSION };
  }

  @Get('ready')
  @Operation('GetReady', 'Whether it serves', { 200: null, 503: null })
  ready(@Res({ passthrough: true }) reply: FastifyReply): ReadyBody {
    const status = this.health.state();
    void reply.status(status === 'ready' ? 200 : 503);
    return { status, ...(this.health.isStoreOk() ? {} : { store: 'failing' }) };
  }
}
