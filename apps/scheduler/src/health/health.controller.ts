import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Readiness } from './readiness.js';
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
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(StoreWatch) private readonly store: StoreWatch,
  ) {}

  @Get('live')
  live(): { readonly status: string } {
    return { status: 'live' };
  }

  @Get('ready')
  ready(@Res({ passthrough: true }) reply: FastifyReply): ReadyBody {
    const status = this.readiness.state();
    void reply.status(status === 'ready' ? 200 : 503);
    return { status, ...(this.store.isOk() ? {} : { store: 'failing' }) };
  }
}
