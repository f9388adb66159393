import type { Fleet } from '../fleet/fleet.js';
import { replicaId } from '../fleet/ids.js';
import { loadForecast, restOfLoad } from '../learned/load-forecast.js';
import { directDependencies } from '../memory/footprint.js';
import type { Instant } from '../fleet/model.js';
import type { Placed, Ready, Replica } from '../fleet/replica.js';
import type { Job } from './job.js';
import { bookingsToCome } from './load-order.js';
import { type JobForecast, type Schedule, startingAt } from './schedule.js';
import { devicesToCome } from './slots.js';

/** What has its place waits for what leaves there, for what it needs, and for a slot. */
export function proposePlaced(schedule: Schedule, job: Job, replica: Placed | Ready): JobForecast {
  const { fleet, now } = schedule;
  const server = fleet.servers.get(replica.server)!;
  const load = loadForecast(fleet, replica.model, replica.server);
  const bookings = bookingsToCome(replica);
  const roomAt = schedule.memory.freeAt(bookings);
  const from = Math.max(roomAt, replica.phase === 'placed' ? now + needsOf(fleet, replica, now) : now);
  const start = schedule.startOn(server, devicesToCome(replica), from, load);
  return startingAt(job, load, start, { placeAt: now, roomAt });
}

/** How long what it needs and is loaded by an order of its own should take yet. */
function needsOf(fleet: Readonly<Fleet>, { id, model, server }: Placed, now: Instant): number {
  let needs = 0;
  for (const needed of directDependencies(fleet, model)) {
    const other: Replica | undefined = fleet.replicas.get(replicaId(needed, server));
    const isCarriedAlong = other?.phase === 'placed' && other.carriedBy === id;
    if (other && other.phase !== 'ready' && !isCarriedAlong)
      needs = Math.max(needs, restOfLoad(fleet, other, now).p50);
  }
  return needs;
}
