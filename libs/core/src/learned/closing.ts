import { type Fleet, unsettledOn } from '../fleet/fleet.js';
import type { AccountId } from '../fleet/ids.js';
import { takesOf, windowOf } from '../fleet/meter.js';
import type { Closed } from '../fleet/meters.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Replica } from '../fleet/replica.js';
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
export function opensAt(fleet: Readonly<Fleet>, server: Server, device: Device, now: Instant): Instant {
  const meter = server.meters.get(device.ordinal);
  if (!meter?.closed) return -Infinity;
  const there = unsettledOn(fleet, server.spec.id).filter(
    (one) => takesOf(one, device) && !isStuck(fleet, one, now),
  );
  if (there.some((one) => loadBegan(one) !== null)) return Infinity;
  let opens = meter.movedAt + windowOf(server);
  for (const { from, until } of there.flatMap((one) => unloadOf(fleet, server, one, now)).sort(byFrom))
    if (from <= opens) opens = Math.max(opens, until + windowOf(server));
  return Math.max(now + SOON, opens + server.lookTook);
}

/** From when until when a copy that leaves should be unloaded. */
function unloadOf(fleet: Readonly<Fleet>, server: Server, one: Replica, now: Instant): readonly Span[] {
  const unload = unloadForecast(server);
  if (one.phase === 'unloading') return [{ from: now, until: now + restOf(unload, now - one.emptiedAt).p50 }];
  const from = one.phase === 'draining' ? Math.max(now, leasedUntil(fleet, one)) : Infinity;
  return from < Infinity ? [{ from, until: from + unload.p50 }] : [];
}

interface Span {
  readonly from: Instant;
  readonly until: Instant;
}

const byFrom = (one: Span, other: Span): number => one.from - other.from;

/** Why nothing is loaded onto a device at present, and until when by the forecast; null: there is no telling. */
export interface WhyClosed extends Pick<Closed, 'since' | 'because'> {
  readonly until: Instant | null;
}

/** The same of one device; null where it is open. */
export function whyClosed(
  fleet: Readonly<Fleet>,
  server: Server,
  device: Device,
  now: Instant,
): WhyClosed | null {
  const closed = server.meters.get(device.ordinal)?.closed;
  if (!closed || device.kind !== 'gpu') return null;
  const until = opensAt(fleet, server, device, now);
  return { since: closed.since, because: closed.because, until: until < Infinity ? until : null };
}

/** The closed devices that no request is promised, nor refused, for: there is no telling when they open, or what they have. */
export function untoldDevices(fleet: Readonly<Fleet>, now: Instant): ReadonlySet<AccountId> {
  const untold = new Set<AccountId>();
  for (const server of fleet.servers.values())
    for (const device of server.devices ?? [])
      if (isUntold(server, device) || opensAt(fleet, server, device, now) === Infinity)
        untold.add(device.account);
  return untold;
}

const isUntold = ({ meters }: Server, { ordinal }: Device): boolean =>
  meters.get(ordinal)?.closed?.because === 'not_known_yet';
