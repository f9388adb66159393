import type { Now } from '../numbers/now.js';
import type { JobInLine } from '../fleet/kept.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Place } from '../room/places.js';
import type { Job } from './job.js';
import { refund } from '../learned/shares.js';
import type { ModelId } from '../fleet/ids.js';
import { type JobForecast, nextSearch } from './schedule.js';

/** Returns what was charged for jobs that are in the line no more; says whether there were any. */
export function refundOthers(fleet: Fleet, inLine: ReadonlySet<ModelId>, now: Now): boolean {
  const gone = [...fleet.charges.keys()].filter((model) => !inLine.has(model));
  for (const model of gone) refund(fleet, model, now);
  return gone.length > 0;
}

/**
 * Writes the line down as it stands at the end of a turn; of several jobs of one model the first. What has no place yet is asked
 * again when it should get it or begin, when more may leave for it, and at each whole second: what a copy is worth, whether it
 * is in use, and what loads changes as time passes.
 */
export function noteLine(fleet: Fleet, forecasts: readonly JobForecast[], now: Now): void {
  if (fleet.line.size + forecasts.length === 0) return;
  fleet.line.clear();
  for (const one of forecasts) {
    const { model } = one.job;
    if (!fleet.line.has(model)) fleet.line.set(model, inLine(one));
  }
  const moments = forecasts.flatMap(({ job, placeAt, start, tellableAt }) =>
    job.placed ? [] : [placeAt, start.at, tellableAt, nextSearch(now.stamp)],
  );
  for (const at of moments) now.has(at);
}

export const inLine = ({ job, place, placeAt, start, ready, searchedAt }: JobForecast): JobInLine => ({
  cause: job.want?.cause ?? job.placed!.cause,
  ...whereabouts(job, place),
  placeAt,
  startsAt: start.at,
  readyAt: ready,
  neededBy: job.neededBy,
  searchedAt,
});

function whereabouts({ placed }: Job, place: Place | null): Pick<JobInLine, 'server' | 'devices'> {
  if (place) return { server: place.server.spec.id, devices: place.devices };
  return { server: placed?.server ?? null, devices: placed?.devices ?? [] };
}
