import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Metrics } from '#telemetry';

/** What Prometheus scrapes. */
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(Metrics) private readonly metrics: Metrics) {}

  @Get()
  async get(@Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    void reply.type(this.metrics.contentType);
    return this.metrics.text();
  }
}
