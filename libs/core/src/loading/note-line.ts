import type { Fleet } from '../fleet/fleet.js';
import type { Place } from '../room/places.js';
import type { Job } from './job.js';
import { refund } from '../learned/shares.js';
import type { ModelId, ServerId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import type { LoadCause } from '../fleet/replica.js';
import type { JobForecast } from './schedule.js';

/** The forecast of a job that has no place yet, as of the last turn. */
export interface JobInLine {
  readonly cause: LoadCause;
  /** Where it would be placed; null where no place is in sight. */
  readonly server: ServerId | null;
  readonly devices: readonly number[];
  /** When it gets its place, and what leaves for it begins to drain. */
  readonly placeAt: Instant;
  readonly startsAt: Instant;
  /** When its model should be ready, by the P50 and the P90. */
  readonly readyAt: { readonly p50: Instant; readonly p90: Instant };
  /** The earliest deadline of its promised requests; infinite where none is promised. */
  readonly neededBy: Instant;
  /** When it was last asked at every place. */
  readonly searchedAt: Instant;
  /** When it, and jobs behind it for further copies of its model, get their places and begin, or more may leave for it. */
  readonly changesAt: readonly Instant[];
}

/** Returns what was charged for jobs that are in the line no more; says whether there were any. */
export function refundOthers(fleet: Fleet, inLine: ReadonlySet<ModelId>, now: Instant): boolean {
  const gone = [...fleet.charges.keys()].filter((model) => !inLine.has(model));
  for (const model of gone) refund(fleet, model, now);
  return gone.length > 0;
}

/** Writes the line down as it stands at the end of a turn; of several jobs of one model the first. */
export function noteLine(fleet: Fleet, forecasts: readonly JobForecast[]): void {
  if (fleet.line.size + forecasts.length === 0) return;
  fleet.line.clear();
  for (const one of forecasts) {
    const { model } = one.job;
    const first = fleet.line.get(model) ?? inLine(one);
    const changesAt = [...first.changesAt, one.placeAt, one.start.at, one.tellableAt];
    fleet.line.set(model, { ...first, changesAt });
  }
}

export const inLine = ({ job, place, placeAt, start, ready, searchedAt }: JobForecast): JobInLine => ({
  cause: job.want?.cause ?? job.placed!.cause,
  ...whereabouts(job, place),
  placeAt,
  startsAt: start.at,
  readyAt: ready,
  neededBy: job.neededBy,
  searchedAt,
  changesAt: [],
});

function whereabouts({ placed }: Job, place: Place | null): Pick<JobInLine, 'server' | 'devices'> {
  if (place) return { server: place.server.spec.id, devices: place.devices };
  return { server: placed?.server ?? null, devices: placed?.devices ?? [] };
}
