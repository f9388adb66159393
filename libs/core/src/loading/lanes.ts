import type { Fleet } from '../fleet/fleet.js';
import type { ReplicaId, ServerId } from '../fleet/ids.js';
import { loadForecast, restOfLoad } from '../learned/load-forecast.js';
import type { Forecast } from '../learned/load-times.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Placed, Replica } from '../fleet/replica.js';
import { devicesToCome } from './load-order.js';
import { isCarried, isOverdue, loadBegan, loadBounds, loadsAtMost } from '../fleet/standing.js';

/** The load slots of a server and of its devices, each by when it is free, as loads end by one share of their forecasts. */
export class Lanes {
  private readonly server: Millis[];
  private readonly devices = new Map<number, Millis[]>();

  constructor(
    private readonly fleet: Readonly<Fleet>,
    { server, unsettled }: { readonly server: ServerId; readonly unsettled: readonly Replica[] },
    now: Instant,
    private readonly share: keyof Forecast,
  ) {
    const rests: Millis[] = [];
    let overdue = 0;
    for (const replica of unsettled) {
      if (loadBegan(replica) === null || isCarried(replica)) continue;
      const rest = restOfLoad(fleet, replica, now)[share];
      if (isOverdue(fleet, replica, now)) overdue += 1;
      else rests.push(rest);
      if (now < loadBounds(fleet, replica)!.slotUntil) this.takeDevices(devicesToCome(replica), rest);
    }
    // An overdue load keeps its slot for an unknown time: the others have what is left.
    const left = Math.max(1, loadsAtMost(fleet, fleet.servers.get(server), overdue) - overdue);
    this.server = lanesAfter(rests, left);
  }

  /**
   * When loads begin that stand in line: whenever a slot is free, the first of those that have room by then gets it, and
   * where none has, the one that has it soonest.
   */
  beginnings(inLine: readonly Placed[], roomFor: (one: Placed) => Millis): ReadonlyMap<ReplicaId, Millis> {
    const waits = inLine.map((one, line): Waiting => ({ one, line, room: roomFor(one) }));
    const groups = byDevices(waits);
    const begins = new Map<ReplicaId, Millis>();
    while (begins.size < inLine.length) {
      let first: NextLoad | undefined;
      for (const group of groups) {
        const next = group.length > 0 ? this.nextOf(group) : undefined;
        if (next && (!first || isLoadedBefore(next, first))) first = next;
      }
      const { one } = first!.group.splice(first!.index, 1)[0]!;
      begins.set(one.id, first!.at);
      this.take(one, first!.at);
    }
    return begins;
  }

  /** The next of the loads that wait for the same slots. */
  private nextOf(group: Waiting[]): NextLoad {
    const { devices } = group[0]!.one;
    const free = Math.max(
      Math.min(...this.server),
      ...devices.map((device) => Math.min(...this.lanesOf(device))),
    );
    const ready = group.findIndex(({ room }) => room <= free);
    const index = ready >= 0 ? ready : firstWaiting(group);
    const { line, room } = group[index]!;
    return { group, index, line, at: Math.max(free, room) };
  }

  private take({ model, server, devices }: Placed, begin: Millis): void {
    const end = begin + loadForecast(this.fleet, model, server)[this.share];
    take(this.server, end);
    this.takeDevices(devices, end);
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

/** A load that is to begin, its place in line, and when there is room for it. */
interface Waiting {
  readonly one: Placed;
  readonly line: number;
  readonly room: Millis;
}

/** The load of a group that begins next, and when. */
interface NextLoad {
  readonly group: Waiting[];
  readonly index: number;
  readonly line: number;
  readonly at: Millis;
}

const isLoadedBefore = (one: NextLoad, other: NextLoad): boolean =>
  one.at < other.at || (one.at === other.at && one.line < other.line);

function firstWaiting(group: readonly Waiting[]): number {
  let index = 0;
  for (const [at, { room }] of group.entries()) if (room < group[index]!.room) index = at;
  return index;
}

/** The loads by the slots that they wait for. */
function byDevices(waits: readonly Waiting[]): Waiting[][] {
  const groups = new Map<string, Waiting[]>();
  for (const wait of waits) {
    const devices = wait.one.devices.join();
    const group = groups.get(devices);
    if (group) group.push(wait);
    else groups.set(devices, [wait]);
  }
  return [...groups.values()];
}

const freeLanes = (count: number): Millis[] => Array.from({ length: count }, () => 0);

/** Where there are more loads than there may be, all but so many have to end before another begins. */
const lanesAfter = (rests: readonly Millis[], count: number): Millis[] =>
  [...rests.toSorted((one, other) => other - one), ...freeLanes(count)].slice(0, count);

/** Takes the lane that is free first. */
function take(lanes: Millis[], until: Millis): void {
  lanes[lanes.indexOf(Math.min(...lanes))] = until;
}
