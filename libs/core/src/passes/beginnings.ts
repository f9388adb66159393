import { type Fleet, unsettled } from '../fleet.js';
import { directDependencies } from '../footprint.js';
import { type AccountId, type ReplicaId, replicaId, type ServerId } from '../ids.js';
import { Ledger } from '../ledger.js';
import { loadForecast, restOfLoad } from '../load-forecast.js';
import type { Forecast } from '../load-times.js';
import type { Instant, Millis } from '../model.js';
import type { Placed, Replica } from '../replica.js';
import { isCarried, loadBegan, loadBounds } from '../standing.js';
import { isStuck } from '../stuck.js';

/** From the end of the last lease to the look that shows the memory free: an unload and a look, and Triton's queue before. */
const UNLOADED: Forecast = { p50: 1_000, p90: 6_000 };

const NOTHING: Forecast = { p50: 0, p90: 0 };

/**
 * When the loads of what is placed should begin, from now: once what leaves for them has left, and those before them on the
 * server and its devices are loaded. The servers that are asked for are gone over once.
 */
export class Beginnings {
  private readonly known = new Map<ServerId, ReadonlyMap<ReplicaId, Forecast>>();
  private readonly ledger: Ledger;

  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly now: Instant,
  ) {
    this.ledger = new Ledger(fleet, now);
  }

  /** What a load brings along begins with it. */
  of(replica: Placed): Forecast {
    const { server } = replica;
    let there = this.known.get(server);
    if (!there) this.known.set(server, (there = this.on(server)));
    return there.get(replica.carriedBy ?? replica.id) ?? NOTHING;
  }

  private on(server: ServerId): ReadonlyMap<ReplicaId, Forecast> {
    const placed: Placed[] = [];
    for (const one of unsettled(this.fleet)) {
      if (one.server === server && one.phase === 'placed' && one.carriedBy === null) placed.push(one);
    }
    const room = new Map(placed.map((one) => [one.id, laterOf(this.roomFor(one), this.needsOf(one))]));
    const [p50, p90] = (['p50', 'p90'] as const).map((share) => {
      const lanes = new Lanes(this.fleet, server, this.now, share);
      const inTurn = placed.toSorted((one, other) => room.get(one.id)![share] - room.get(other.id)![share]);
      return new Map(inTurn.map((one) => [one.id, lanes.begin(one, room.get(one.id)![share])]));
    });
    return new Map(placed.map(({ id }) => [id, { p50: p50!.get(id)!, p90: p90!.get(id)! }]));
  }

  /** How long until the memory is free that is leaving for it; what is stuck is waited for by nobody. */
  private roomFor({ bookings }: Placed): Forecast {
    const short = bookings.filter(({ account, bytes }) => bytes > this.ledger.free(account));
    if (short.length === 0) return NOTHING;
    const accounts = new Set(short.map(({ account }) => account));
    let leased: Millis = 0;
    for (const one of unsettled(this.fleet))
      if (this.isLeaving(one, accounts)) leased = this.later(leased, one);
    return { p50: leased + UNLOADED.p50, p90: leased + UNLOADED.p90 };
  }

  /** How long what it needs and is loaded by an order of its own should take yet. */
  private needsOf({ id, model, server }: Placed): Forecast {
    let needs = NOTHING;
    for (const needed of directDependencies(this.fleet, model)) {
      const other = this.fleet.replicas.get(replicaId(needed, server));
      const isCarriedAlong = other?.phase === 'placed' && other.carriedBy === id;
      if (!other || other.phase === 'ready' || isCarriedAlong) continue;
      needs = laterOf(needs, restOfLoad(this.fleet, other, this.now));
    }
    return needs;
  }

  private isLeaving(replica: Replica, accounts: ReadonlySet<AccountId>): boolean {
    if (replica.phase !== 'draining' && replica.phase !== 'unloading') return false;
    return (
      !isStuck(this.fleet, replica, this.now) && replica.bookings.some(({ account }) => accounts.has(account))
    );
  }

  private later(leased: Millis, replica: Replica): Millis {
    return replica.phase === 'draining' ? Math.max(leased, replica.inUseUntil - this.now) : leased;
  }
}

/** The load slots of a server and of its devices, each by when it is free, as loads end by one share of their forecasts. */
class Lanes {
  private readonly server: Millis[];
  private readonly devices = new Map<number, Millis[]>();

  constructor(
    private readonly fleet: Readonly<Fleet>,
    server: ServerId,
    now: Instant,
    private readonly share: keyof Forecast,
  ) {
    this.server = freeLanes(fleet.limits.loadsPerServer);
    for (const replica of unsettled(fleet)) {
      if (replica.server !== server || loadBegan(replica) === null || isCarried(replica)) continue;
      const rest = restOfLoad(fleet, replica, now)[share];
      take(this.server, rest);
      if (now < loadBounds(fleet, replica)!.slotUntil) this.takeDevices(devicesOf(replica), rest);
    }
  }

  /** Takes the slots for a load that may begin then at the earliest; returns when it does. */
  begin({ model, server, devices }: Placed, earliest: Millis): Millis {
    const free = devices.map((device) => Math.min(...this.lanesOf(device)));
    const begin = Math.max(earliest, Math.min(...this.server), ...free);
    const end = begin + loadForecast(this.fleet, model, server)[this.share];
    take(this.server, end);
    this.takeDevices(devices, end);
    return begin;
  }

  private takeDevices(devices: readonly number[], until: Millis): void {
    for (const device of devices) take(this.lanesOf(device), until);
  }

  private lanesOf(device: number): Millis[] {
    const known = this.devices.get(device);
    if (known) return known;
    const lanes = freeLanes(this.fleet.limits.loadsPerDevice);
    this.devices.set(device, lanes);
    return lanes;
  }
}

const laterOf = (one: Forecast, other: Forecast): Forecast => ({
  p50: Math.max(one.p50, other.p50),
  p90: Math.max(one.p90, other.p90),
});

const devicesOf = (replica: Replica): readonly number[] =>
  replica.phase === 'ready' ? replica.change!.devices : replica.devices;

const freeLanes = (count: number): Millis[] => Array.from({ length: count }, () => 0);

/** Takes the lane that is free first. */
function take(lanes: Millis[], until: Millis): void {
  lanes[lanes.indexOf(Math.min(...lanes))] = until;
}
