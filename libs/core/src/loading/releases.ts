import type { Now } from '../numbers/now.js';
import { type Fleet, unsettledOn } from '../fleet/fleet.js';
import type { ServerId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import type { Draining, Unloading } from '../fleet/replica.js';
import { SOON } from '../learned/closing.js';
import { leasedUntil } from '../learned/leases.js';
import { restOfLoad } from '../learned/load-forecast.js';
import { type Forecast, restOf } from '../learned/load-times.js';
import { unloadForecast } from '../learned/unload-times.js';
import { pendingUntil } from '../memory/pending.js';
import { after, AT, latest } from './chunks.js';

/** When the memory of a copy that leaves should be free: nothing keeps it any more, and then it is unloaded. */
export function goneAt(
  fleet: Readonly<Fleet>,
  leaving: Draining | Unloading,
  now: Now,
  unloadFrom: (at: Instant) => Forecast,
): Forecast {
  const unload = unloadForecast(fleet.servers.get(leaving.server));
  if (leaving.phase === 'unloading') return after(now.stamp, restOf(unload, now.stamp - leaving.emptiedAt));
  const leased = leasedUntil(fleet, leaving);
  const kept = unloadFrom(leased);
  // What could have been unloaded in an earlier turn waits for what only an event tells.
  const isHeld = leaving.since < now.stamp && leased < now.stamp && kept.p50 <= now.stamp;
  if (isHeld) return after(now.stamp + SOON, unload);
  return { p50: kept.p50 + unload.p50, p90: kept.p90 + unload.p90 };
}

/** A config is told when its load ends; that of a copy which is ready already is told at once. */
export function toldFrom(fleet: Readonly<Fleet>, server: ServerId, now: Now): Forecast {
  let told = AT(now.stamp);
  for (const one of unsettledOn(fleet, server)) {
    const until = pendingUntil(fleet, one);
    if (until <= now.stamp) continue;
    const { p50, p90 } = restOfLoad(fleet, one, now);
    const ends =
      until < Infinity ? AT(until) : after(now.stamp, { p50: Math.max(SOON, p50), p90: Math.max(SOON, p90) });
    told = latest(told, ends);
  }
  return told;
}
