import type { Fleet } from '../fleet/fleet.js';
import type { Ready } from '../fleet/replica.js';
import { standsInUntil } from '../memory/failing.js';
import { isNeeded } from '../memory/footprint.js';
import { idleByUse, isToGo, settingsOf } from '../fleet/idle-rule.js';
import type { Instant } from '../fleet/model.js';
import { isGuaranteed, isPinProtected } from '../memory/pins.js';

export { isKept, settingsOf } from '../fleet/idle-rule.js';

/**
 * When a replica may be retired for being idle. Null where it never may: it is pinned, kept warm by `copies.min`, a
 * stranger to be kept, soft, or needed by another replica.
 */
export function idleUnloadAt(fleet: Readonly<Fleet>, replica: Ready): Instant | null {
  const at = idleAt(fleet, replica);
  if (at === null || isPinProtected(fleet, replica) || isGuaranteed(fleet, replica)) return null;
  return isNeeded(fleet, replica) ? null : at;
}

/** The idle rule alone: `max(lastUse + idleUnloadSeconds, inUseUntil)`. A copy that stands in for a failing one stays. */
export function idleAt(
  fleet: Readonly<Fleet>,
  replica: Ready,
  settings = settingsOf(fleet, replica),
): Instant | null {
  const at = idleByUse(fleet, replica, settings);
  if (at === null || isToGo(fleet, replica)) return at;
  return Math.max(at, standsInUntil(fleet, replica));
}

/** Whether Triton still has requests queued for it; those that execute are not known. */
export const hasQueue = (
  fleet: Readonly<Fleet>,
  { server, model }: Pick<Ready, 'server' | 'model'>,
): boolean => (fleet.servers.get(server)?.pending.get(model) ?? 0) > 0;
