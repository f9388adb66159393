import { type Forecast, forecastOf, learnTime } from './load-times.js';
import type { Millis } from './model.js';
import type { Server } from './server.js';

/** What an unload is taken to last before any was seen there: the unload and a look, and Triton's queue before. */
const FIRST_GUESS: Forecast = { p50: 1_000, p90: 6_000 };

/** How long it should take on a server from the order to unload until a look shows the memory free. */
export const unloadForecast = (server: Server | undefined): Forecast =>
  server?.unloadTimes ? forecastOf(server.unloadTimes) : FIRST_GUESS;

/** Learns from an unload that a look has confirmed. */
export function noteUnloadTime(server: Server, took: Millis): void {
  server.unloadTimes = learnTime(server.unloadTimes ?? undefined, took);
}
