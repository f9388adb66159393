import { setTimeout as sleep } from 'node:timers/promises';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { pino } from 'pino';
import { ANONYMOUS } from '#access';
import { routerService } from '#contracts';
import { emptyFleet, type Event, type ReplicaId, type WatcherId } from '#core';
import { notePrincipal } from '../../../apps/scheduler/src/transport/access/principals.js';
import { RpcErrors } from '../../../apps/scheduler/src/transport/errors/rpc-errors.js';
import { WatchedTable } from '../../../apps/scheduler/src/cluster/replication/watched-table.js';
import { Lifecycle } from '../../../apps/scheduler/src/transport/lifecycle.js';
import type { LeaderTerm } from '../../../apps/scheduler/src/bootstrap/term/leader-term.js';
import { Terms } from '../../../apps/scheduler/src/cluster/leadership/per-term.js';
import { PeerSubscriptions } from '../../../apps/scheduler/src/cluster/replication/peer-subscriptions.js';
import { RoutePublisher } from '../../../apps/scheduler/src/cluster/replication/route-publisher.js';
import { GatewayRoutes } from '../../../apps/scheduler/src/routing/gateway-routes.js';
import { WatchRpc } from '../../../apps/scheduler/src/routing/watch.grpc.js';
import type { RouteFeed } from '../../../apps/scheduler/src/cluster/replication/route-feed.js';
import { aRow, FakeFeed } from '../../support/fake-feed.js';
import { startChild } from '../children.js';
import { type Figure, quantile } from '../figure.js';

const ROWS = 1_000;
const PER_TICK = 10;
const TICK_MS = 10;
const TICKS = 1_000;
const WARM_UP_TICKS = 100;
const GOAL_MS = 50;
const PEERS = ['p', 'q'] as const;

/** How long it takes until two peers, each a process, have acknowledged a withdrawal while 1,000 routes change in a second. */
export async function withdrawals(): Promise<Figure> {
  const leader = new Leader();
  const port = await leader.listen();
  const children = await Promise.all(
    PEERS.map((name) => startChild('test/load/replicas/follower.js', { args: [`127.0.0.1:${port}`, name] })),
  );
  try {
    while (leader.watching < PEERS.length) await sleep(TICK_MS);
    const began = performance.now();
    for (let tick = 0; tick < TICKS; tick += 1) {
      leader.change(tick);
      await sleep(Math.max(0, began + (tick + 1) * TICK_MS - performance.now()));
    }
    const { changesPerSecond } = leader;
    await sleep(1_000);
    const took = leader.took.slice((WARM_UP_TICKS * PER_TICK) / 2);
    const value = quantile(took, 0.99);
    return {
      ...{ name: 'withdrawal_acknowledged_p99', value, unit: 'ms', goal: `<= ${GOAL_MS}` },
      met: value <= GOAL_MS,
      details: {
        ...{ p50: quantile(took, 0.5), withdrawals: took.length, peers: PEERS.length },
        changesPerSecond,
      },
    };
  } finally {
    for (const child of children) await child.end();
    leader.close();
  }
}

/** A leader with routes that come and go; of its core there is only what it hears. */
class Leader {
  readonly took: number[] = [];
  private readonly feed = new FakeFeed();
  private readonly fleet = emptyFleet();
  private readonly publisher = new RoutePublisher(this.feed);
  private readonly acknowledged = new Map<WatcherId, number>();
  private readonly open: { readonly revision: number; readonly at: number }[] = [];
  private readonly server = new Server();
  private readonly subscriptions = new PeerSubscriptions({
    ...{ fleet: this.fleet, term: this.feed.term, publisher: this.publisher },
    tell: (...events) => this.hear(events),
    patience: 40_000,
    onGone: () => undefined,
  });
  private changes = 0;
  private began = 0;
  private readonly timer = setInterval(() => this.publisher.beat(performance.now()), 1_000);

  constructor() {
    for (let nth = 0; nth < ROWS; nth += 1) this.feed.put(aRow(`model-${nth}`, 's'));
    this.feed.takeChanges();
    // Something drains at every moment, so that each acknowledgement is told at once.
    const drains = 'drains@s' as ReplicaId;
    this.fleet.unsettled.add(drains);
    this.fleet.replicas.set(drains, { phase: 'draining' } as never);
  }

  get watching(): number {
    return this.acknowledged.size;
  }

  get changesPerSecond(): number {
    return Math.round(this.changes / ((performance.now() - this.began) / 1_000));
  }

  /** Serves as a Berth does, with callers who all may be peers. */
  listen(): Promise<number> {
    const routes = new WatchedTable({ clock: { now: () => performance.now() }, bound: 30_000 });
    const lifecycle = new Lifecycle();
    const terms = new Terms(lifecycle);
    terms.leading = { get: () => this.asWatching() } as unknown as LeaderTerm;
    const log = pino({ level: 'silent' });
    const errors = new RpcErrors(log, Math.random);
    const gateways = new GatewayRoutes(lifecycle, terms, routes);
    const handlers = new WatchRpc(errors, lifecycle, log, terms, gateways).handlers();
    for (const [name, handle] of Object.entries(handlers))
      handlers[name] = ((call: { metadata: never }, done: unknown) => {
        notePrincipal(call.metadata, ANONYMOUS);
        (handle as (call: unknown, done: unknown) => void)(call, done);
      }) as never;
    this.server.addService(routerService(), { resolve: () => undefined, ...handlers });
    return new Promise((resolve, reject) => {
      this.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
  }

  /** Half of the changes withdraw a route, half of them bring one back. */
  change(tick: number): void {
    const now = performance.now();
    if (tick === WARM_UP_TICKS) [this.changes, this.began] = [0, now];
    for (let nth = 0; nth < PER_TICK; nth += 1) {
      const row = aRow(`model-${(tick * PER_TICK + nth) % ROWS}`, 's');
      if (nth % 2 === 0) {
        this.feed.drop(row.id);
        this.open.push({ revision: this.feed.sequence, at: now });
        this.feed.put(aRow(`other-${row.model}`, 's'));
      } else this.feed.put({ ...row, isFailing: tick % 2 === 0 });
      this.changes += 1;
    }
    for (let nth = 0; nth < PER_TICK; nth += 2)
      this.feed.put(aRow(`model-${(tick * PER_TICK + nth + ROWS / 2) % ROWS}`, 's'));
    this.publisher.changed(...this.feed.takeChanges(), now);
  }

  close(): void {
    clearInterval(this.timer);
    this.server.forceShutdown();
  }

  private asWatching(): RouteFeed {
    const { subscriptions } = this;
    return {
      subscriptions,
      hasPeers: true,
      open: (name: string, stream: never, have: never) =>
        Promise.resolve(subscriptions.open(name, stream, have, '', performance.now())),
      report: (name: string, report: never) => subscriptions.report(name, report, performance.now()),
    } as unknown as RouteFeed;
  }

  private hear(events: readonly Event[]): void {
    for (const event of events)
      if (event.kind === 'WatcherAcknowledged') this.acknowledged.set(event.watcher, event.revision);
    if (this.acknowledged.size < PEERS.length) return;
    const all = Math.min(...this.acknowledged.values());
    const now = performance.now();
    while (this.open[0] && this.open[0].revision <= all) this.took.push(now - this.open.shift()!.at);
  }
}
