import type { Instant, Millis, ModelId, ServerId } from '#core';
import type { RouteServerMessage } from '#contracts';
import type { Clock, ModelServer } from '#engine';
import { LOOK_GOOD_FOR } from './times.js';
import type { RouteTable } from './route-table.js';

/** Interval between looks at a server while looks are needed. */
const EVERY: Millis = 2_000;
/** Looks begin so long before the table is out of date, so that there are some by then. */
const BEFORE: Millis = 6_000;
/** Bound of looks under way. */
const MAX_AT_ONCE = 16;

interface Looked {
  readonly link: ModelServer;
  readonly address: string;
  begunAt: Instant;
  isLooking: boolean;
  /** When the last look that was answered began, and which models it showed to serve. */
  shownAt: Instant;
  serving: ReadonlySet<ModelId>;
}

/** What the looks are taken with. */
export interface StaleLooksParts {
  readonly clock: Pick<Clock, 'now'>;
  readonly table: Pick<RouteTable, 'age' | 'routeServer'> & {
    readonly servers: Pick<RouteTable['servers'], 'has' | 'keys'>;
  };
  /** The staleness bound. */
  readonly bound: Millis;
  /** Reaches a server. It is asked for statistics alone. */
  readonly open: (server: RouteServerMessage) => ModelServer;
}

/**
 * This process' own looks at the servers of its table, while that is out of date or is about to be. They only read: statistics
 * say what serves. They are taken by every peer by itself, and change nothing.
 */
export class StaleLooks {
  private readonly looked = new Map<ServerId, Looked>();

  constructor(private readonly parts: StaleLooksParts) {}

  /** Whether a look that is young enough shows that a model serves on a server. */
  isShown(model: ModelId, server: ServerId): boolean {
    const one = this.looked.get(server);
    return (
      one !== undefined && this.parts.clock.now() - one.shownAt <= LOOK_GOOD_FOR && one.serving.has(model)
    );
  }

  /** To be called several times a second: begins the looks that are due, and ends all once none is needed. */
  tick(): void {
    const { clock, table, bound } = this.parts;
    if (!(table.age > bound - BEFORE) || table.age === Infinity) return this.close();
    const now = clock.now();
    for (const id of this.looked.keys()) if (!table.servers.has(id)) this.forget(id);
    let underWay = [...this.looked.values()].filter(({ isLooking }) => isLooking).length;
    for (const id of table.servers.keys()) {
      if (underWay >= MAX_AT_ONCE) return;
      const one = this.of(id, now);
      if (one.isLooking || now - one.begunAt < EVERY) continue;
      underWay += 1;
      void this.look(one, now);
    }
  }

  close(): void {
    for (const id of this.looked.keys()) this.forget(id);
  }

  private async look(one: Looked, now: Instant): Promise<void> {
    one.begunAt = now;
    one.isLooking = true;
    try {
      const { begunAt, serving } = await one.link.look('statistics', false);
      one.serving = new Set(serving.map(({ model }) => model));
      one.shownAt = begunAt;
    } catch {
      // What is not seen is not routed to.
    }
    one.isLooking = false;
  }

  private of(id: ServerId, now: Instant): Looked {
    const server = this.parts.table.routeServer(id);
    const known = this.looked.get(id);
    if (known?.address === server.grpc) return known;
    if (known) this.forget(id);
    const link = this.parts.open(server);
    link.watch(() => undefined);
    const one: Looked = {
      ...{ link, address: server.grpc, begunAt: now - EVERY, isLooking: false },
      ...{ shownAt: -Infinity, serving: new Set() },
    };
    this.looked.set(id, one);
    return one;
  }

  private forget(id: ServerId): void {
    this.looked.get(id)?.link.close();
    this.looked.delete(id);
  }
}
