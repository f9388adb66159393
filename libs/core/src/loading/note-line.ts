import type { Fleet } from '../fleet/fleet.js';
import { refund } from '../learned/shares.js';
import type { Instant } from '../fleet/model.js';
import type { LoadCause } from '../fleet/replica.js';
import type { ToLoad } from './load-order.js';
import type { JobForecast } from './schedule.js';

/** Writes the line down as it stands at the end of a turn; what was charged for jobs that are not in it any more is returned. */
export function noteLine(fleet: Fleet, forecasts: readonly JobForecast[], now: Instant): void {
  if (fleet.line.size + forecasts.length + fleet.charges.size === 0) return;
  fleet.line.clear();
  for (const { job, place, victims, placeAt, start, ready } of forecasts) {
    fleet.line.set(job.model, {
      cause: job.want?.cause ?? causeOf(job.placed!),
      server: place?.server.spec.id ?? job.placed?.server ?? null,
      devices: place?.devices ?? job.placed?.devices ?? [],
      victims: victims.map(({ id }) => id),
      placeAt,
      startsAt: start.at,
      readyAt: ready,
      neededBy: job.neededBy,
    });
  }
  for (const model of fleet.charges.keys()) if (!fleet.line.has(model)) refund(fleet, model, now);
}

const causeOf = (placed: ToLoad): LoadCause =>
  placed.phase === 'placed' ? placed.cause : placed.change!.cause!;
