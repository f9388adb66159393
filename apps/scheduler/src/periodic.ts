import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { STORE_AGAIN_MS } from './errors/store-unavailable.js';
import { GrpcHealth } from './health/grpc-health.js';
import { tellPinEnds } from './models/pin-ends.js';
import { Running } from './running.js';

/** Periodic work of the app's ring: it tells the engine facts and tidies up, and decides nothing. */
@Injectable()
export class Periodic {
  constructor(
    @Inject(Running) private readonly running: Running,
    @Inject(GrpcHealth) private readonly health: GrpcHealth,
  ) {}

  @Interval(250)
  refreshHealth(): void {
    this.health.refresh();
  }

  @Interval(1_000)
  endPins(): void {
    tellPinEnds(this.running.now);
    this.running.now.leavers.letGo();
  }

  @Interval(1_000)
  logExposures(): void {
    this.running.now.exposures.look();
  }

  /** A store that fails is tried now and then, so that it is known when it takes writes again. */
  @Interval(STORE_AGAIN_MS)
  async tryStore(): Promise<void> {
    await this.running.now.store.tryAgain();
  }

  @Interval(600_000)
  tidy(): void {
    const { log, writes } = this.running.now;
    writes.tidy().catch((error: unknown) => log.error({ err: error }, 'old answers were not tidied away'));
  }
}
