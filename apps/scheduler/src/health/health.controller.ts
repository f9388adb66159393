import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Readiness } from './readiness.js';

/** Whether this process runs, and whether it serves. */
@Controller('health')
export class HealthController {
  constructor(@Inject(Readiness) private readonly readiness: Readiness) {}

  @Get('live')
  live(): { readonly status: string } {
    return { status: 'live' };
  }

  @Get('ready')
  ready(@Res({ passthrough: true }) reply: FastifyReply): { readonly status: string } {
    const status = this.readiness.state();
    void reply.status(status === 'ready' ? 200 : 503);
    return { status };
  }
}
