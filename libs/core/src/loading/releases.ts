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
import { toldUntil } from '../memory/untold.js';
import { after } from './chunks.js';

/** When the memory of a copy that leaves should be free: nothing keeps it any more, and then it is unloaded. */
export function goneAt(
  fleet: Readonly<Fleet>,
  leaving: Draining | Unloading,
  now: Now,
  toldBy: Instant,
): Forecast {
  const unload = unloadForecast(fleet.servers.get(leaving.server));
  if (leaving.phase === 'unloading') return after(now.stamp, restOf(unload, now.stamp - leaving.emptiedAt));
  const leased = leasedUntil(fleet, leaving);
  const kept = Math.max(toldBy, leased);
  // What could have been unloaded in an earlier turn waits for what only an event tells.
  const isHeld = leaving.since < now.stamp && leased < now.stamp && kept <= now.stamp;
  return after(isHeld ? now.stamp + SOON : kept, unload);
}

/** A config is told when its load ends; that of a copy which is ready already is told at once. */
export function toldFrom(fleet: Readonly<Fleet>, server: ServerId, now: Now): Instant {
  let told = now.stamp;
  for (const one of unsettledOn(fleet, server)) {
    const until = toldUntil(fleet, one);
    if (until <= now.stamp) continue;
    told = Math.max(
      told,
      until < Infinity ? until : now.stamp + Math.max(SOON, restOfLoad(fleet, one, now).p50),
    );
  }
  return told;
}
