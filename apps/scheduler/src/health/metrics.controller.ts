import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Operation } from '../http/operation.js';
import { Running } from '../running.js';

/** What Prometheus scrapes. */
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(Running) private readonly running: Running) {}

  @Get()
  @Operation('GetMetrics', 'Metrics, as Prometheus reads them', { 200: null })
  async get(@Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    const { metrics } = this.running.lasting;
    void reply.type(metrics.contentType);
    return metrics.text();
  }
}
