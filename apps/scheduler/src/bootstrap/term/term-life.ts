import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Engine, OrderBook } from '#engine';
import { Audit } from '../../admin/audit/audit.js';
import { Discovery } from '../../integrations/discovery/discovery.js';
import { drainEvent, isDraining } from '../../admin/servers/core-server.js';
import { logMisled } from '../../admin/servers/file-headers.js';
import { freezeEvent } from '../../admin/servers/freezes.js';
import { Links } from '../../admin/servers/links.js';
import { Frozen } from '../../admin/servers/overview.js';
import { Registry } from '../../admin/servers/registry.js';
import { limitsEvent } from '../base-layers.js';
import { type EndReason, Lifecycle } from '../../transport/lifecycle.js';
import { Catalog } from '../../admin/models/catalog.js';
import { recalledOrders } from '../../admin/models/model-orders.js';
import { DeclaredModels } from '../../admin/models/declared-models.js';
import { TurnWatch } from '../../admin/models/turn-watch.js';
import { PressureMonitor } from '../../transport/limits/pressure-monitor.js';
import { EventDispatcher } from '../../integrations/events/event-dispatcher.js';
import { WallTimes } from '../../transport/wall-times.js';
import { RouteFeed } from '../../cluster/replication/route-feed.js';
import { Writes } from '../../admin/idempotency/writes.js';
import { TERM_INPUTS, type TermInputs } from './term-inputs.js';

/** What was begun has so long to end by itself. */
export const GRACE_MS = 3_000;
/** Milliseconds for which the start waits for DNS. */
const FIRST_ANSWERS_MS = 2_000;

/** The beginning of a term and its end. Intervals begin once the term has begun. */
@Injectable()
export class TermLife implements OnModuleInit {
  constructor(
    @Inject(TERM_INPUTS) private readonly inputs: TermInputs,
    @Inject(Audit) private readonly audit: Audit,
    @Inject(Catalog) private readonly catalog: Catalog,
    @Inject(Discovery) private readonly discovery: Discovery,
    @Inject(Engine) private readonly engine: Engine,
    @Inject(Frozen) private readonly frozen: Frozen,
    @Inject(DeclaredModels) private readonly models: DeclaredModels,
    @Inject(Lifecycle) private readonly lifecycle: Lifecycle,
    @Inject(Links) private readonly links: Links,
    @Inject(OrderBook) private readonly book: OrderBook,
    @Inject(PressureMonitor) private readonly pressure: PressureMonitor,
    @Inject(Registry) private readonly registry: Registry,
    @Inject(EventDispatcher) private readonly dispatcher: EventDispatcher,
    @Inject(TurnWatch) private readonly watch: TurnWatch,
    @Inject(WallTimes) private readonly times: WallTimes,
    @Inject(RouteFeed) private readonly routeFeed: RouteFeed,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  /** Rejects where the store is damaged or fails; then nothing of the term is left. */
  async onModuleInit(): Promise<void> {
    const { discovery, engine, inputs, registry } = this;
    try {
      logMisled(registry.all(), inputs.outside.log);
      discovery.take(inputs.config.discovery);
      // What DNS answers soon is known from the first turn on, as if it were declared.
      await Promise.race([discovery.ask(), sleep(FIRST_ANSWERS_MS, undefined, { ref: false })]);
      await this.begin();
      discovery.start(inputs.outside.discoverEveryMs);
    } catch (error) {
      discovery.stop();
      engine.stop();
      await this.close();
      throw error;
    }
  }

  /** Tells the engine all that is declared and remembered. It shares one turn: nothing is decided on half of it. */
  private async begin(): Promise<void> {
    const { catalog, discovery, engine, frozen, links, registry, times } = this;
    const { config, won } = this.inputs;
    await this.audit.head('admins');
    await this.audit.head('programs');
    await this.dispatcher.begin(config.webhooks.endpoints);
    if (won !== null) await this.routeFeed.begin(won);
    engine.tell(limitsEvent(config));
    if (won !== null) engine.tell({ kind: 'TermBegun', looks: won.isCleanRelease ? 1 : 2 });
    this.pressure.follow(engine);
    const servers = registry.all().filter(({ hasLeft }) => !hasLeft);
    for (const { config: server } of servers) links.declare(server);
    await engine.recall();
    discovery.begin();
    this.models.tell();
    engine.tell(...servers.filter(isDraining).map((entry) => drainEvent(entry, times)));
    if (frozen.told) engine.tell(freezeEvent(frozen.told, times));
    engine.tell(...recalledOrders(this.book, engine, catalog));
  }

  /**
   * Takes no new request, answers every one that waits, and resolves once the writes under way have ended, or `GRACE_MS` later.
   * Where the last turn throws, all else ends before its error goes on.
   */
  async stop(reason: EndReason): Promise<void> {
    const { engine, routeFeed } = this;
    this.lifecycle.end(reason);
    this.discovery.stop();
    await within(routeFeed.end(reason === 'shutting_down'));
    try {
      engine.stop(reason);
      routeFeed.handOver();
    } finally {
      this.watch.close();
      await within(this.writes.idle());
    }
  }

  /** Ends the sending of events, and the telling of pressure. The models stay loaded. */
  async close(): Promise<void> {
    this.pressure.follow(null);
    await within(this.dispatcher.close());
  }
}

/** Waits so long for an end, and no longer. */
export const within = (ending: Promise<void> | undefined): Promise<void> =>
  Promise.race([Promise.resolve(ending), sleep(GRACE_MS, undefined, { ref: false })]);
