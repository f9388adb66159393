import { type Forecast, forecastOf, learnTime } from './load-times.js';
import type { Fleet } from '../fleet/fleet-state.js';
import type { Instant } from '../fleet/model.js';
import type { Unloading } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';

/** What an unload is taken to last before any was seen there: the unload and a look, and Triton's queue before. */
const FIRST_UNLOAD_GUESS: Forecast = { p50: 1_000, p90: 6_000 };

/** How long it should take on a server from the order to unload until a look shows the memory free. */
export const unloadForecast = (server: Server | undefined): Forecast =>
  server?.unloadTimes ? forecastOf(server.unloadTimes) : FIRST_UNLOAD_GUESS;

/** Learns from an unload that a look has confirmed, over the connection over which it was ordered. */
export function learnUnloadTime(fleet: Fleet, server: Server, { since }: Unloading, now: Instant): void {
  if (server.looksCountFrom > since) return;
  if (now - since > unloadForecast(server).p90) fleet.lateMemoryAt = now;
  server.unloadTimes = learnTime(server.unloadTimes ?? undefined, now - since);
}
