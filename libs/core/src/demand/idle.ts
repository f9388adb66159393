import type { Fleet } from '../fleet/fleet.js';
import type { Ready } from '../fleet/replica.js';
import { standsInUntil } from '../memory/failing.js';
import { isNeeded } from '../memory/footprint.js';
import { idleByUse, isToGo, settingsOf } from '../fleet/idle-rule.js';
import type { Instant } from '../fleet/model.js';
import { isGuaranteed, isPinProtected } from '../memory/pins.js';

export { isKept, settingsOf } from '../fleet/idle-rule.js';

/**
 * When a replica may be retired for being idle. Null where it never is: pinned, kept warm by `copies.min`, a stranger
 * told to stay, soft, or needed by another replica that is held.
 */
export function idleUnloadAt(fleet: Readonly<Fleet>, replica: Ready): Instant | null {
  const at = idleAt(fleet, replica);
  if (at === null || isPinProtected(fleet, replica) || isGuaranteed(fleet, replica)) return null;
  if (isNeeded(fleet, replica)) return null;
  return at;
}

/** The idle rule alone: `max(lastUse + idleUnloadSeconds, inUseUntil)`, and not while it stands in for one that only fails. */
export function idleAt(
  fleet: Readonly<Fleet>,
  replica: Ready,
  settings = settingsOf(fleet, replica),
): Instant | null {
  const at = idleByUse(fleet, replica, settings);
  if (at === null || isToGo(fleet, replica)) return at;
  return Math.max(at, standsInUntil(fleet, replica));
}

/** Whether Triton still has requests queued for it; what executes shows nowhere. */
export const hasQueue = (
  fleet: Readonly<Fleet>,
  { server, model }: { server: Ready['server']; model: Ready['model'] },
): boolean => (fleet.servers.get(server)?.pending.get(model) ?? 0) > 0;
