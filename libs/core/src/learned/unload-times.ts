import type { Now } from '../numbers/now.js';
import { type Forecast, forecastOf, learnTime } from './load-times.js';
import type { Unloading } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';

/** How long an unload should take before any was seen on a server: Triton's queue, the unload, and a look. */
const FIRST_UNLOAD_GUESS: Forecast = { p50: 1_000, p90: 6_000 };

/** How long an unload should take on a server, from the end of the last lease until its memory counts as free. */
export const unloadForecast = (server: Server | undefined): Forecast =>
  server?.unloadTimes ? forecastOf(server.unloadTimes) : FIRST_UNLOAD_GUESS;

/** Learns from an unload that a look has confirmed, if that came over the same connection as the order. */
export function learnUnloadTime(server: Server, { since, emptiedAt }: Unloading, now: Now): void {
  if (server.looksCountFrom > since) return;
  const took = now.stamp - emptiedAt;
  if (took > unloadForecast(server).p90) server.lateMemoryAt = now.stamp;
  server.unloadTimes = learnTime(server.unloadTimes ?? undefined, took);
}
