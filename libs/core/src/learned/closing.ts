import type { Now } from '../numbers/now.js';
import { type Fleet, unsettledOn } from '../fleet/fleet.js';
import type { AccountId } from '../fleet/ids.js';
import { closedOn, takesOf, windowOf } from '../fleet/meter.js';
import type { Closed } from '../fleet/meters.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Device, Server } from '../fleet/server.js';
import { leasedUntil } from './leases.js';
import { isStuck, loadBegan } from '../fleet/standing.js';
import { restOf } from './load-times.js';
import { unloadForecast } from './unload-times.js';

/**
 * What only an event will tell, such as a look or the end of a load that takes longer than expected, is taken to come so
 * soon: not now, and late enough that the core is not woken for it again and again.
 */
export const SOON: Millis = 250;

/**
 * When a closed device should open: with a look that begins a window after the last move there. Infinity where a load has
 * to end first; -Infinity where the device is open.
 */
export function opensAt(fleet: Readonly<Fleet>, server: Server, device: Device, now: Now): Instant {
  const meter = server.meters.get(device.ordinal);
  if (!meter?.closed) return -Infinity;
  const [unload, window] = [unloadForecast(server), windowOf(server)];
  let moved = meter.movedAt;
  for (const one of unsettledOn(fleet, server.spec.id)) {
    if (!takesOf(one, device) || isStuck(fleet, one, now)) continue;
    if (loadBegan(one) !== null) return Infinity;
    if (one.phase === 'unloading')
      moved = Math.max(moved, now.stamp + restOf(unload, now.stamp - one.emptiedAt).p50);
    // What drains moves the opening where it leaves before.
    const leaves = one.phase === 'draining' ? Math.max(now.stamp, leasedUntil(fleet, one)) : Infinity;
    if (leaves <= moved + window) moved = Math.max(moved, leaves + unload.p50);
  }
  return Math.max(now.stamp + SOON, moved + window + server.lookTook);
}

/** Why nothing is loaded onto a device at present, and until when by the forecast; null: there is no telling. */
export interface WhyClosed extends Pick<Closed, 'since' | 'because'> {
  readonly until: Instant | null;
}

/** The same of one device; null where it is open. */
export function whyClosed(
  fleet: Readonly<Fleet>,
  server: Server,
  device: Device,
  now: Now,
): WhyClosed | null {
  const closed = closedOn(server, device);
  if (!closed) return null;
  const until = opensAt(fleet, server, device, now);
  return { since: closed.since, because: closed.because, until: until < Infinity ? until : null };
}

/** The closed devices that no request is promised, nor refused, for: there is no telling when they open, or what they have. */
export function unreadDevices(fleet: Readonly<Fleet>, now: Now): ReadonlySet<AccountId> {
  const unread = new Set<AccountId>();
  for (const server of fleet.servers.values())
    for (const device of server.devices ?? []) {
      const isUnknown = closedOn(server, device)?.because === 'not_known_yet';
      if (isUnknown || opensAt(fleet, server, device, now) === Infinity) unread.add(device.account);
    }
  return unread;
}
