import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { Logger } from 'pino';
import { Leavers } from './fleet/leavers.js';
import { GrpcHealth } from './health/grpc-health.js';
import { PinEnds } from './models/pin-ends.js';
import { LOG } from './tokens.js';
import { Writes } from './writes/writes.js';

/** Periodic work of the app's ring: it tells the engine facts and tidies up, and decides nothing. */
@Injectable()
export class Periodic {
  constructor(
    @Inject(GrpcHealth) private readonly health: GrpcHealth,
    @Inject(PinEnds) private readonly pinEnds: PinEnds,
    @Inject(Leavers) private readonly leavers: Leavers,
    @Inject(Writes) private readonly writes: Writes,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  @Interval(250)
  refreshHealth(): void {
    this.health.refresh();
  }

  @Interval(1_000)
  endPins(): void {
    this.pinEnds.tell();
    this.leavers.letGo();
  }

  @Interval(600_000)
  tidy(): void {
    this.writes
      .tidy()
      .catch((error: unknown) => this.log.error({ err: error }, 'old answers were not tidied away'));
  }
}
