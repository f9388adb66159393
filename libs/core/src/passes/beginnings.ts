import { type Fleet, unsettled } from '../fleet.js';
import { directDependencies } from '../footprint.js';
import { type ReplicaId, replicaId, type ServerId } from '../ids.js';
import { Ledger } from '../ledger.js';
import { restOfLoad } from '../load-forecast.js';
import type { Forecast } from '../load-times.js';
import type { Instant, Millis } from '../model.js';
import type { Placed, Replica } from '../replica.js';
import { isStuck } from '../stuck.js';
import { Lanes } from './lanes.js';
import { inLoadOrder } from './load-order.js';

/** From the end of the last lease to the look that shows the memory free: an unload and a look, and Triton's queue before. */
const UNLOADED: Forecast = { p50: 1_000, p90: 6_000 };

/** One of the shares of a forecast. */
export type Share = keyof Forecast;

/**
 * When the loads of what is placed should begin, from now: once what leaves for them has left, and those before them on the
 * server and its devices are loaded. The servers that are asked for are gone over once for each share.
 */
export class Beginnings {
  private readonly known = { p50: new Map<ServerId, Begins>(), p90: new Map<ServerId, Begins>() };
  private readonly leases = new Map<ReplicaId, Millis | null>();
  private moving: Motion | undefined;
  private order: ReadonlyMap<ReplicaId, number> | undefined;

  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly now: Instant,
  ) {}

  /** What a load brings along begins with it. */
  of(replica: Placed, share: Share): Millis {
    const { server } = replica;
    const known = this.known[share];
    let there = known.get(server);
    if (!there) known.set(server, (there = this.on(server, share)));
    return there.get(replica.carriedBy ?? replica.id) ?? 0;
  }

  private on(server: ServerId, share: Share): Begins {
    const there = { server, unsettled: this.motion.servers.get(server) ?? [] };
    const lanes = new Lanes(this.fleet, there, this.now, share);
    return lanes.beginnings(this.inLine(server), (one) =>
      Math.max(this.roomFor(one, share), this.needsOf(one, share)),
    );
  }

  /** What has its place on a server and a load of its own, in the order in which it gets free slots. */
  private inLine(server: ServerId): Placed[] {
    const placed = (this.motion.servers.get(server) ?? []).filter(hasOwnLoad);
    if (placed.length < 2) return placed;
    const { turns } = this;
    return placed.sort((one, other) => turns.get(one.id)! - turns.get(other.id)!);
  }

  /** Whose turn it is first of all that is placed, found only where two are on one server. */
  private get turns(): ReadonlyMap<ReplicaId, number> {
    if (this.order) return this.order;
    const inOrder = inLoadOrder(this.fleet, unsettled(this.fleet).filter(hasOwnLoad), this.now);
    return (this.order = new Map(inOrder.map(({ one }, turn) => [one.replica.id, turn])));
  }

  /** How long until the memory is free that is leaving for it. */
  private roomFor(replica: Placed, share: Share): Millis {
    const { id } = replica;
    let leased = this.leases.get(id);
    if (leased === undefined) this.leases.set(id, (leased = this.leasedFor(replica)));
    return leased === null ? 0 : leased + UNLOADED[share];
  }

  /** Until the last lease ends of what leaves for it, which nobody waits for that is stuck; null where it has room. */
  private leasedFor({ bookings }: Placed): Millis | null {
    const { ledger, leaving } = this.motion;
    const short = bookings.filter(({ account, bytes }) => bytes > ledger.free(account));
    if (short.length === 0) return null;
    let leased: Millis = 0;
    for (const one of leaving) {
      const isInTheWay = one.bookings.some(({ account }) => short.some((lack) => lack.account === account));
      if (isInTheWay && one.phase === 'draining') leased = Math.max(leased, one.inUseUntil - this.now);
    }
    return leased;
  }

  /** How long what it needs and is loaded by an order of its own should take yet. */
  private needsOf({ id, model, server }: Placed, share: Share): Millis {
    let needs: Millis = 0;
    for (const needed of directDependencies(this.fleet, model)) {
      const other = this.fleet.replicas.get(replicaId(needed, server));
      const isCarriedAlong = other?.phase === 'placed' && other.carriedBy === id;
      if (!other || other.phase === 'ready' || isCarriedAlong) continue;
      needs = Math.max(needs, restOfLoad(this.fleet, other, this.now)[share]);
    }
    return needs;
  }

  /** What comes and goes, gone over once, and only where anybody asks. */
  private get motion(): Motion {
    if (this.moving) return this.moving;
    const servers = new Map<ServerId, Replica[]>();
    const leaving: Replica[] = [];
    for (const one of unsettled(this.fleet)) {
      const there = servers.get(one.server);
      if (there) there.push(one);
      else servers.set(one.server, [one]);
      if (one.phase === 'draining' && !isStuck(this.fleet, one, this.now)) leaving.push(one);
    }
    return (this.moving = { ledger: new Ledger(this.fleet, this.now), servers, leaving });
  }
}

const hasOwnLoad = (replica: Replica): replica is Placed =>
  replica.phase === 'placed' && replica.carriedBy === null;

type Begins = ReadonlyMap<ReplicaId, Millis>;

interface Motion {
  readonly ledger: Ledger;
  /** What is unsettled, by where it is. */
  readonly servers: ReadonlyMap<ServerId, readonly Replica[]>;
  readonly leaving: readonly Replica[];
}
