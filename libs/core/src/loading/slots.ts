import type { Now } from '../numbers/now.js';
import { type Fleet, unsettledOn } from '../fleet/fleet.js';
import type { ServerId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { isCoLoaded, isOverdue, loadBegan, loadBounds, ordersAtOnce } from '../fleet/standing.js';
import { SOON } from '../learned/closing.js';
import { restOfLoad } from '../learned/load-forecast.js';
import type { Forecast } from '../learned/load-times.js';
import { isToldSoon, pendingUntil } from '../memory/pending.js';
import { madeOnce } from '../numbers/groups.js';

/** A load on a slot: from when until when by its P50, and the variance of its end. */
interface Busy {
  readonly from: Instant;
  readonly until: Instant;
  readonly variance: number;
  /** Whether its config is pending: such loads take turns on a server. */
  readonly isPending: boolean;
}

/** When a load may begin, and the variance of that moment by the loads before it. */
export interface Start {
  readonly at: Instant;
  readonly variance: number;
}

/**
 * The load slots of one server and of its devices, with the loads that run and those that are forecast. A load takes one
 * slot of the server and one of each of its devices. It goes into the first gap that holds its P90, so that it delays
 * none of the loads that were forecast before it. Loads whose configs are pending take turns, so all of them together hold one slot.
 */
export class Slots {
  private readonly onServer: Busy[] = [];
  private readonly onDevices = new Map<number, Busy[]>();
  private readonly most: number;
  /** Whether overdue loads leave a slot of the server to others; where they do not, the first of them to end is waited for. */
  private readonly isAnyLeft: boolean;
  private turnFrom: Instant | null = null;

  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly server: Server,
    private readonly now: Now,
  ) {
    let overdue = 0;
    const loads = unsettledOn(fleet, server.spec.id).filter(
      (one) => loadBegan(one) !== null && !isCoLoaded(one),
    );
    const turn = this.lastPending(loads);
    for (const replica of loads) {
      const busy = this.running(replica, replica === turn);
      // An overdue load keeps its slot of the server for an unknown time: the others have what is left.
      if (isOverdue(fleet, replica, now)) overdue += 1;
      else this.onServer.push(busy);
      if (!now.has(loadBounds(fleet, replica)!.slotUntil))
        for (const device of replica.devices) this.on(device).push(busy);
    }
    const left = ordersAtOnce(fleet, server) - overdue;
    this.isAnyLeft = left > 0;
    this.most = Math.max(1, left);
  }

  /** Of those whose configs are pending the last to end: what came up beside a load has a slot of its own. */
  private lastPending(loads: readonly Replica[]): Replica | undefined {
    const { fleet, now } = this;
    let last: Replica | undefined;
    for (const one of loads) {
      if (pendingUntil(fleet, one) <= now.stamp || isOverdue(fleet, one, now)) continue;
      const isLater = !last || restOfLoad(fleet, one, now).p50 > restOfLoad(fleet, last, now).p50;
      if (isLater) last = one;
    }
    return last;
  }

  private running(replica: Replica, isPending: boolean): Busy {
    const { p50, p90 } = restOfLoad(this.fleet, replica, this.now);
    const until = this.now.stamp + (isPending ? Math.max(SOON, p50) : p50);
    return { from: this.now.stamp, until, variance: (p90 - p50) ** 2, isPending };
  }

  /** The first moment from `from` on at which a load can begin on these devices, in its turn where its config is pending. */
  earliest(devices: readonly number[], from: Instant, load: Forecast, isPending = false): Start {
    const freeFrom = (moment: Instant): Instant =>
      Math.max(this.freeFrom(devices, moment, load.p90), isPending ? this.turnAt(moment, load.p90) : moment);
    let at = from;
    for (let next = freeFrom(at); next > at; next = freeFrom(at)) at = next;
    return { at, variance: this.varianceAt(devices, at) };
  }

  /** When a load of that length may begin whose config is pending: beside no other such load, and once all is told of what has ended. */
  private turnAt(at: Instant, length: Millis): Instant {
    const { fleet, server, now } = this;
    this.turnFrom ??= isToldSoon(fleet, server.spec.id, now) ? now.stamp + SOON : now.stamp;
    const others = this.onServer.filter((one) => one.isPending);
    return Math.max(this.turnFrom, endOfExcess(others, 1, at, length));
  }

  /** When a copy may be unloaded that has emptied at a moment: not beside a load whose config is pending. */
  unloadFrom(at: Instant): Forecast {
    const beside = this.onServer.find((one) => one.isPending && one.from <= at && at < one.until);
    return beside
      ? { p50: beside.until, p90: beside.until + Math.sqrt(beside.variance) }
      : { p50: at, p90: at };
  }

  /** Whether a slot is free now on all of these devices. */
  isFree(devices: readonly number[]): boolean {
    return this.isAnyLeft && this.freeFrom(devices, this.now.stamp, 0) <= this.now.stamp;
  }

  /** Whether a slot is free now, on any device. */
  isAnyFree({ devices }: Server): boolean {
    return (devices ?? []).some(({ ordinal }) => this.isFree([ordinal]));
  }

  /** A load that begins at a moment takes its slots until its model is ready. */
  take(devices: readonly number[], from: Instant, { p50, p90 }: Forecast, isPending = false): void {
    const busy = { from, until: p50, variance: (p90 - p50) ** 2, isPending };
    this.onServer.push(busy);
    for (const device of devices) this.on(device).push(busy);
  }

  /** When the loads end that leave no slot for a load of that length; `at` where there is one. */
  private freeFrom(devices: readonly number[], at: Instant, length: Millis): Instant {
    let from = endOfExcess(this.onServer, this.most, at, length);
    const { loadsPerDevice } = this.fleet.limits;
    for (const device of devices)
      from = Math.max(from, endOfExcess(this.on(device), loadsPerDevice, at, length));
    return from;
  }

  /** Of the loads whose slots it takes the one whose end is least certain counts. */
  private varianceAt(devices: readonly number[], at: Instant): number {
    let variance = 0;
    for (const device of devices)
      for (const one of this.on(device)) variance = Math.max(variance, reach(one, at));
    for (const one of this.onServer) if (one.until === at) variance = Math.max(variance, one.variance);
    return variance;
  }

  private on(device: number): Busy[] {
    return madeOnce(this.onDevices, device, () => []);
  }
}

/** The load slots of servers, each taken down when first asked for. */
export class ServerSlots {
  private readonly known = new Map<ServerId, Slots>();

  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly now: Now,
  ) {}

  on(server: ServerId): Slots {
    const { fleet, now } = this;
    return madeOnce(this.known, server, () => new Slots(fleet, fleet.servers.get(server)!, now));
  }

  ifAskedFor(server: ServerId): Slots | undefined {
    return this.known.get(server);
  }
}

/** The variance of a load that should have ended by `at` and may go on beyond; 0 of any other. */
const reach = ({ until, variance }: Busy, at: Instant): number =>
  until <= at && until + Math.sqrt(variance) > at ? variance : 0;

/**
 * When so many of the loads have ended that one of that length may begin beside the others; `at` where it may then. Those whose
 * configs are pending count as one: they take turns.
 */
function endOfExcess(busy: readonly Busy[], most: number, at: Instant, length: Millis): Instant {
  const ends: Instant[] = [];
  let turns = -Infinity;
  for (const { from, until, isPending } of busy) {
    if (until <= at || (from > at && from >= at + length)) continue;
    if (isPending) turns = Math.max(turns, until);
    else ends.push(until);
  }
  if (turns > at) ends.push(turns);
  return ends.length < most ? at : ends.sort((one, other) => one - other)[ends.length - most]!;
}
