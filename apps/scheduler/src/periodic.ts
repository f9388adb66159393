import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { endDemo } from './demo-store.js';
import { STORE_AGAIN_MS } from './errors/store-unavailable.js';
import { GrpcHealth } from './health/grpc-health.js';
import { tellPinEnds } from './models/pin-ends.js';
import { warnOfOpenPorts } from './open-ports.js';
import { Running } from './running.js';
import { ExternalScaler } from './scaling/external-scaler.js';
import { CERTIFICATES, type Certificates } from './tls/certificates.js';

/** Only the leader tells of them, so that the numbers of peers may be added up. */
const NO_WARMUPS = { waiting: 0, running: 0, failed: 0 };

/** Periodic work of the app's ring: it tells the engine facts and tidies up, and decides nothing. Most of it is the leader's alone. */
@Injectable()
export class Periodic {
  constructor(
    @Inject(Running) private readonly running: Running,
    @Inject(GrpcHealth) private readonly health: GrpcHealth,
    @Inject(ExternalScaler) private readonly scaler: ExternalScaler,
    @Inject(CERTIFICATES) private readonly certificates: Certificates | null,
  ) {}

  @Interval(250)
  refreshHealth(): void {
    this.health.refresh();
  }

  @Interval(1_000)
  endPins(): void {
    const { leading } = this.running;
    if (leading === null) return;
    tellPinEnds(leading);
    leading.discovery.followDeclared();
    leading.leavers.letGo();
  }

  @Interval(1_000)
  async endDemo(): Promise<void> {
    if (this.running.reign !== null) await endDemo(this.running.reign);
  }

  @Interval(1_000)
  tellRoutes(): void {
    const { lasting, leading } = this.running;
    const now = lasting.routes.now();
    leading?.watching.tick(now);
    lasting.routes.tick(now);
  }

  @Interval(1_000)
  logExposures(): void {
    this.running.leading?.exposures.look();
  }

  /** What is used or waited for counts for a minute at least, so that no want is missed between two samples. */
  @Interval(5_000)
  sampleWants(): void {
    this.running.leading?.scaling.sample();
    this.scaler.refresh();
  }

  /** A queue that is away keeps the numbers of before. */
  @Interval(5_000)
  async countWarmups(): Promise<void> {
    const { lasting, leading } = this.running;
    const counts = leading === null ? NO_WARMUPS : await leading.warmups.counts().catch(() => null);
    const { warmups } = lasting.metrics.counts;
    for (const [state, count] of Object.entries(counts ?? {})) warmups.set({ state }, count);
  }

  /** A store that fails is tried now and then, so that it is known when it takes writes again. */
  @Interval(STORE_AGAIN_MS)
  async tryStore(): Promise<void> {
    const { leading } = this.running;
    await leading?.store.tryAgain();
    leading?.teller.tryAgain();
  }

  @Interval(60_000)
  async readCertificates(): Promise<void> {
    await this.certificates?.read();
  }

  @Interval(3_600_000)
  tellOpenPorts(): void {
    const { insecureListen, log } = this.running.lasting;
    warnOfOpenPorts(insecureListen, log);
  }

  @Interval(600_000)
  tidy(): void {
    if (this.running.leading === null) return;
    const { episodes, hooks, log, teller, times, writes } = this.running.leading;
    teller.tidy();
    const tidied = [
      writes.tidy(),
      writes.follow(hooks, () => hooks.overdue()),
      writes.follow(episodes, () => episodes.overdue(times.wallNow())),
    ];
    Promise.all(tidied).catch((error: unknown) =>
      log.error({ err: error }, 'old answers were not tidied away'),
    );
  }
}
