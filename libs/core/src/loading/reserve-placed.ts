import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import { replicaId } from '../fleet/ids.js';
import type { Placed, Replica } from '../fleet/replica.js';
import { loadForecast, restOfLoad } from '../learned/load-forecast.js';
import { directDependencies } from '../memory/footprint.js';
import type { Job } from './job.js';
import { type JobForecast, readyAfter, type Schedule } from './schedule.js';

/** What has its place waits for what leaves there, for what it needs, and for a slot. */
export function reservePlaced(schedule: Schedule, job: Job, replica: Placed): JobForecast {
  const { fleet, now, curves } = schedule;
  const server = fleet.servers.get(replica.server)!;
  const load = loadForecast(fleet, replica.model, replica.server);
  const free = curves.placedAt(replica);
  const from = Math.max(free.p50, now.stamp + needsOf(fleet, replica, now));
  const start = schedule.startOn(server, replica.devices, from, load, schedule.isPending(job));
  const isShut = free.p50 <= curves.opensAt(replica.bookings);
  const ready = readyAfter(start, free.p90, load);
  const roomAt = isShut ? now.stamp : free.p50;
  const times = { placeAt: now.stamp, roomAt, tellableAt: Infinity, searchedAt: now.stamp };
  return { job, place: null, leaving: [], start, load, ready, ...times };
}

/** How long what it needs and is loaded by an order of its own should take yet. */
function needsOf(fleet: Readonly<Fleet>, { id, model, server }: Placed, now: Now): number {
  let needs = 0;
  for (const needed of directDependencies(fleet, model)) {
    const other: Replica | undefined = fleet.replicas.get(replicaId(needed, server));
    const isCoLoaded = other?.phase === 'placed' && other.coLoadedBy === id;
    if (other && other.phase !== 'ready' && !isCoLoaded)
      needs = Math.max(needs, restOfLoad(fleet, other, now).p50);
  }
  return needs;
}
