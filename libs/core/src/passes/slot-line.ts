import { type Fleet, unsettled } from '../fleet.js';
import type { ServerId } from '../ids.js';
import type { Instant } from '../model.js';
import { PINNED } from '../rank.js';
import type { Replica } from '../replica.js';
import { isCarried, loadBegan, loadBounds } from '../standing.js';
import { rankWanted } from './claims.js';
import { isToLoad, loadedFor } from './load-order.js';
import type { Place } from './places.js';
import type { Want } from './wants.js';

/** Loads in line for each slot: one that is under way, and one for which others leave meanwhile. */
export const DEPTH = 2;

/**
 * Tells whether others may leave for a load at a place now: only where it could begin about as soon as they have left. What
 * would stand further back in line waits without a place, so that what is warm serves until then, and who comes meanwhile
 * and is wanted more goes before, also before what has its place and waits for leases there. Pins were promised their memory and
 * do not stand in line.
 */
export function lineTest(
  fleet: Readonly<Fleet>,
  want: Want,
  now: Instant,
): (place: Place, depth: number) => boolean {
  if (want.rank === PINNED) return () => true;
  let line: Line | undefined;
  return ({ server, devices }, depth) =>
    (line ??= new Line(fleet, want, now)).isShort(server.spec.id, devices, depth);
}

/** How many loads are in line for the slots of servers and devices before somebody who wants one. */
class Line {
  private readonly servers = new Map<ServerId, number>();
  private readonly devices = new Map<string, number>();

  constructor(
    private readonly fleet: Readonly<Fleet>,
    want: Want,
    now: Instant,
  ) {
    for (const replica of unsettled(fleet)) {
      if (!isCarried(replica) && isInLine(replica) && !goesBefore(fleet, want, replica))
        this.add(replica, now);
    }
  }

  private add(replica: Replica, now: Instant): void {
    const { server } = replica;
    this.servers.set(server, (this.servers.get(server) ?? 0) + 1);
    if (now >= (loadBounds(this.fleet, replica)?.slotUntil ?? Infinity)) return;
    for (const device of devicesToCome(replica)) {
      const key = `${server}/${device}`;
      this.devices.set(key, (this.devices.get(key) ?? 0) + 1);
    }
  }

  /** Whether there are fewer than so many for each slot. */
  isShort(server: ServerId, devices: readonly number[], depth: number): boolean {
    const { loadsPerServer, loadsPerDevice } = this.fleet.limits;
    if ((this.servers.get(server) ?? 0) >= depth * loadsPerServer) return false;
    return devices.every((device) => (this.devices.get(`${server}/${device}`) ?? 0) < depth * loadsPerDevice);
  }
}

/** Whether a load of it is under way, or has its place and waits for a slot. */
export const isInLine = (replica: Replica): boolean => isToLoad(replica) || loadBegan(replica) !== null;

/**
 * Whether somebody is wanted more than what has its place and no load yet: it may wait there for leases, and where both can
 * begin it does so second.
 */
export function goesBefore(
  fleet: Readonly<Fleet>,
  { rank, isExtra, asked }: Want,
  replica: Replica,
): boolean {
  if (isExtra || !isToLoad(replica)) return false;
  return [replica.model, ...loadedFor(fleet, replica)].every((id) => rankWanted(fleet, id, asked) < rank);
}

const devicesToCome = (replica: Replica): readonly number[] =>
  replica.phase === 'ready' ? replica.change!.devices : replica.devices;
