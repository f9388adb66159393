import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { Logger } from 'pino';
import { FiringAlerts } from '../../integrations/alertmanager/firing-alerts.js';
import { STORE_AGAIN_MS } from '../../transport/errors/store-unavailable.js';
import { StoreWatch } from '../../cluster/leadership/store-watch.js';
import { LOG } from '../../transport/nest-log.js';
import { EventDispatcher } from '../../integrations/events/event-dispatcher.js';
import { WallTimes } from '../../transport/wall-times.js';
import { WebhookDeduplicator } from '../../integrations/fleet-webhook/webhook-deduplicator.js';
import { Writes } from '../../admin/idempotency/writes.js';

/** Has what the store keeps for a time leave it, and tries a store that fails. */
@Injectable()
export class StoreUpkeep {
  constructor(
    @Inject(FiringAlerts) private readonly firing: FiringAlerts,
    @Inject(WebhookDeduplicator) private readonly deduplicator: WebhookDeduplicator,
    @Inject(LOG) private readonly log: Logger,
    @Inject(StoreWatch) private readonly store: StoreWatch,
    @Inject(EventDispatcher) private readonly dispatcher: EventDispatcher,
    @Inject(WallTimes) private readonly times: WallTimes,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  /** A store that fails is tried now and then, so that it is known when it takes writes again. */
  @Interval(STORE_AGAIN_MS)
  async tryStore(): Promise<void> {
    await this.store.tryAgain();
    this.dispatcher.tryAgain();
  }

  @Interval(600_000)
  tidy(): void {
    const { firing, deduplicator, log, dispatcher, times, writes } = this;
    dispatcher.tidy();
    const tidied = [
      writes.tidy(),
      writes.follow(deduplicator, () => deduplicator.overdue()),
      writes.follow(firing, () => firing.overdue(times.wallNow())),
    ];
    Promise.all(tidied).catch((error: unknown) =>
      log.error({ err: error }, 'old answers were not tidied away'),
    );
  }
}
