import { type Fleet, type Reading, unsettled } from '../fleet/fleet.js';
import { directDependencies } from '../memory/footprint.js';
import { type ModelId, type ReplicaId, replicaId, type ServerId } from '../fleet/ids.js';
import { leasedUntil } from '../learned/leases.js';
import { Ledger } from '../memory/ledger.js';
import { latest, restOfLoad } from '../learned/load-forecast.js';
import { type Forecast, restOf } from '../learned/load-times.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Rank } from '../demand/rank.js';
import {
  type Booking,
  type Draining,
  isLeaving,
  type Placed,
  type Replica,
  type Unloading,
} from '../fleet/replica.js';
import { isStuck } from '../fleet/stuck.js';
import { unloadForecast } from '../learned/unload-times.js';
import { leavingDraining } from '../demand/asking.js';
import { ranksAsked } from '../demand/claims.js';
import { Lanes } from './lanes.js';
import { inLoadOrder, rankWanted } from './load-order.js';
import { ranksBefore } from './slot-line.js';

/** One of the shares of a forecast. */
export type Share = keyof Forecast;

/** Where something may be given a place, and what it books there where that is known. */
interface PlaceToGive extends Pick<Reading, 'server' | 'devices'> {
  readonly bookings?: readonly Booking[];
}

/**
 * When the loads of what is placed should begin, from now: once what leaves for them has left, and those before them on the
 * server and its devices are loaded. The servers that are asked for are gone over once for each share.
 */
export class Beginnings {
  private readonly known = { p50: new Map<ServerId, Begins>(), p90: new Map<ServerId, Begins>() };
  private readonly rooms = new Map<ReplicaId, Forecast>();
  private moving: FleetInMotion | undefined;
  private order: ReadonlyMap<ReplicaId, number> | undefined;
  private asked: ReadonlyMap<ModelId, Rank> | undefined;

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

  /**
   * The same for a model that has no place yet, if it is given one there. Copies that have to leave for it may be in
   * use for an unknown time, so only their unload counts. Where bookings are given that will have room anyway, the wait
   * for that room counts.
   */
  ofPlanned(model: ModelId, { server, devices, bookings = [] }: PlaceToGive, share: Share): Millis {
    const bare = { server, devices, bookings, since: this.now, stranger: false } as const;
    const planned: Placed = {
      ...{ id: replicaId(model, server), model, ...bare },
      ...{ phase: 'placed', carriedBy: null, cause: 'asked' },
    };
    const isComing = bookings.length > 0 && this.motion.ledger.fitsSpare(bookings);
    const room = (isComing ? this.freedFor(planned) : this.unloadOn(server))[share];
    const begins = this.lanesOf(server, share).beginnings(this.lineWith(planned), (one) =>
      one === planned ? room : this.readyFor(one, share),
    );
    return begins.get(planned.id)!;
  }

  /** It stands before what has its place and is wanted less. */
  private lineWith(planned: Placed): Placed[] {
    const { fleet, now } = this;
    const line = this.inLine(planned.server);
    if (line.length === 0) return [planned];
    const asked = (this.asked ??= ranksAsked(fleet, leavingDraining(fleet, now), now));
    const want = { rank: rankWanted(fleet, planned.model, asked, now), isExtra: false, asked };
    const less = line.findIndex((one) => ranksBefore(fleet, want, one, now));
    return line.toSpliced(less < 0 ? line.length : less, 0, planned);
  }

  private on(server: ServerId, share: Share): Begins {
    return this.lanesOf(server, share).beginnings(this.inLine(server), (one) => this.readyFor(one, share));
  }

  private lanesOf(server: ServerId, share: Share): Lanes {
    const there = { server, unsettled: this.motion.servers.get(server) ?? [] };
    return new Lanes(this.fleet, there, this.now, share);
  }

  private readyFor = (one: Placed, share: Share): Millis =>
    Math.max(this.roomFor(one, share), this.needsOf(one, share));

  /** What has its place on a server and a load of its own, in the order in which it gets free slots. */
  private inLine(server: ServerId): Placed[] {
    const placed = (this.motion.servers.get(server) ?? []).filter(hasOwnLoad);
    if (placed.length < 2) return placed;
    const { turns } = this;
    return placed.sort((one, other) => turns.get(one.id)! - turns.get(other.id)!);
  }

  /** The order of turns over all placed loads, found only where two are on one server. */
  private get turns(): ReadonlyMap<ReplicaId, number> {
    if (this.order) return this.order;
    const inOrder = inLoadOrder(this.fleet, unsettled(this.fleet).filter(hasOwnLoad), this.now);
    return (this.order = new Map(inOrder.map(({ one }, turn) => [one.replica.id, turn])));
  }

  /** How long until the memory is free that is leaving for it. */
  private roomFor(replica: Placed, share: Share): Millis {
    let room = this.rooms.get(replica.id);
    if (!room) this.rooms.set(replica.id, (room = this.freedFor(replica)));
    return room[share];
  }

  /** The time until the last copy that leaves for it has left, stuck ones aside; none where it has room. */
  private freedFor({ bookings, server }: Placed): Forecast {
    const { ledger, leaving } = this.motion;
    const short = bookings.filter(({ account, bytes }) => bytes > ledger.free(account));
    if (short.length === 0) return NO_DELAY;
    const inTheWay = leaving.filter((one) =>
      one.bookings.some(({ account }) => short.some((lack) => lack.account === account)),
    );
    return inTheWay.length === 0 ? this.unloadOn(server) : latest(inTheWay.map((one) => this.goneIn(one)));
  }

  /** Leases end, and then it is unloaded. */
  private goneIn(leaving: Draining | Unloading): Forecast {
    const unload = this.unloadOn(leaving.server);
    if (leaving.phase === 'unloading') return restOf(unload, this.now - leaving.since);
    const leased = Math.max(0, leasedUntil(this.fleet, leaving) - this.now);
    return { p50: leased + unload.p50, p90: leased + unload.p90 };
  }

  private unloadOn = (server: ServerId): Forecast => unloadForecast(this.fleet.servers.get(server));

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

  /** What comes and goes, gone over once, and only when first needed. */
  private get motion(): FleetInMotion {
    if (this.moving) return this.moving;
    const servers = new Map<ServerId, Replica[]>();
    const leaving: (Draining | Unloading)[] = [];
    for (const one of unsettled(this.fleet)) {
      const there = servers.get(one.server);
      if (there) there.push(one);
      else servers.set(one.server, [one]);
      if (isLeaving(one) && !isStuck(this.fleet, one, this.now)) leaving.push(one);
    }
    return (this.moving = { ledger: new Ledger(this.fleet, this.now), servers, leaving });
  }
}

const NO_DELAY: Forecast = { p50: 0, p90: 0 };

const hasOwnLoad = (replica: Replica): replica is Placed =>
  replica.phase === 'placed' && replica.carriedBy === null;

type Begins = ReadonlyMap<ReplicaId, Millis>;

interface FleetInMotion {
  readonly ledger: Ledger;
  /** What is unsettled, by where it is. */
  readonly servers: ReadonlyMap<ServerId, readonly Replica[]>;
  readonly leaving: readonly (Draining | Unloading)[];
}
