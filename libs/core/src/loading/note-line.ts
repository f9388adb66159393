import type { Fleet, JobInLine } from '../fleet/fleet.js';
import type { Place } from '../room/places.js';
import type { Job } from './job.js';
import { refund } from '../learned/shares.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import type { LoadCause } from '../fleet/replica.js';
import type { ToLoad } from './load-order.js';
import type { JobForecast } from './schedule.js';

/** Returns what was charged for jobs that are in the line no more; says whether there were any. */
export function refundOthers(fleet: Fleet, inLine: ReadonlySet<ModelId>, now: Instant): boolean {
  const gone = [...fleet.charges.keys()].filter((model) => !inLine.has(model));
  for (const model of gone) refund(fleet, model, now);
  return gone.length > 0;
}

/** Writes the line down as it stands at the end of a turn. */
export function noteLine(fleet: Fleet, forecasts: readonly JobForecast[]): void {
  if (fleet.line.size + forecasts.length === 0) return;
  fleet.line.clear();
  for (const one of forecasts) fleet.line.set(one.job.model, inLine(one));
}

const inLine = ({ job, place, victims, placeAt, start, ready }: JobForecast): JobInLine => ({
  cause: job.want?.cause ?? causeOfPlaced(job.placed!),
  ...whereabouts(job, place),
  victims: victims.map(({ id }) => id),
  placeAt,
  startsAt: start.at,
  readyAt: ready,
  neededBy: job.neededBy,
});

function whereabouts({ placed }: Job, place: Place | null): Pick<JobInLine, 'server' | 'devices'> {
  if (place) return { server: place.server.spec.id, devices: place.devices };
  return { server: placed?.server ?? null, devices: placed?.devices ?? [] };
}

const causeOfPlaced = (placed: ToLoad): LoadCause =>
  placed.phase === 'placed' ? placed.cause : placed.change!.cause!;
