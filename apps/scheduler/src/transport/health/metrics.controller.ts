import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Metrics } from '#telemetry';
import { Operation } from '../http/operation.js';

/** What Prometheus scrapes. */
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(Metrics) private readonly metrics: Metrics) {}

  @Get()
  @Operation('GetMetrics', 'Metrics, as Prometheus reads them', { 200: null })
  async get(@Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    void reply.type(this.metrics.contentType);
    return this.metrics.text();
  }
}
