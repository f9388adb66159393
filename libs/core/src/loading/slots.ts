import type { Now } from '../numbers/now.js';
import { type Fleet, unsettledOn } from '../fleet/fleet.js';
import type { ServerId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { isCarried, isOverdue, loadBegan, loadBounds, ordersAtOnce } from '../fleet/standing.js';
import { restOfLoad } from '../learned/load-forecast.js';
import type { Forecast } from '../learned/load-times.js';
import { madeOnce } from '../numbers/groups.js';

/** A load on a slot: from when until when by its P50, and the variance of its end. */
interface Busy {
  readonly from: Instant;
  readonly until: Instant;
  readonly variance: number;
}

/** When a load may begin, and the variance of that moment by the loads before it. */
export interface Start {
  readonly at: Instant;
  readonly variance: number;
}

/**
 * The load slots of one server and of its devices, with the loads that run and those that are forecast. A load takes one
 * slot of the server and one of each of its devices. It goes into the first gap that holds its P90, so that it delays
 * none of the loads that were forecast before it.
 */
export class Slots {
  private readonly onServer: Busy[] = [];
  private readonly onDevices = new Map<number, Busy[]>();
  private readonly most: number;
  /** Whether overdue loads leave a slot of the server to others; where they do not, the first of them to end is waited for. */
  private readonly isAnyLeft: boolean;

  constructor(
    private readonly fleet: Readonly<Fleet>,
    server: Server,
    private readonly now: Now,
  ) {
    let overdue = 0;
    for (const replica of unsettledOn(fleet, server.spec.id)) {
      if (loadBegan(replica) === null || isCarried(replica)) continue;
      const busy = this.running(replica);
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

  private running(replica: Replica): Busy {
    const rest = restOfLoad(this.fleet, replica, this.now);
    return { from: this.now.stamp, until: this.now.stamp + rest.p50, variance: (rest.p90 - rest.p50) ** 2 };
  }

  /** The first moment from `from` on at which a load can begin on these devices. */
  earliest(devices: readonly number[], from: Instant, load: Forecast): Start {
    let at = from;
    for (let next = this.freeFrom(devices, at, load.p90); next > at;) {
      at = next;
      next = this.freeFrom(devices, at, load.p90);
    }
    return { at, variance: this.varianceAt(devices, at) };
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
  take(devices: readonly number[], from: Instant, { p50, p90 }: Forecast): void {
    const busy = { from, until: p50, variance: (p90 - p50) ** 2 };
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

  wereAskedFor(server: ServerId): boolean {
    return this.known.has(server);
  }
}

/** The variance of a load that should have ended by `at` and may go on beyond; 0 of any other. */
const reach = ({ until, variance }: Busy, at: Instant): number =>
  until <= at && until + Math.sqrt(variance) > at ? variance : 0;

/** When so many of the loads have ended that one of that length may begin beside the others; `at` where it may then. */
function endOfExcess(busy: readonly Busy[], most: number, at: Instant, length: Millis): Instant {
  const last: Instant[] = [];
  for (const { from, until } of busy) {
    if (until <= at || (from > at && from >= at + length)) continue;
    // Of the ends the `most` last ones are kept, in their order.
    let place = last.length;
    while (place > 0 && last[place - 1]! > until) place -= 1;
    last.splice(place, 0, until);
    if (last.length > most) last.shift();
  }
  return last.length < most ? at : last[0]!;
}
