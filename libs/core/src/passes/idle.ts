import type { Fleet } from '../fleet.js';
import type { Ready, Replica } from '../replica.js';
import { standsInUntil } from '../failing.js';
import { isNeeded } from '../footprint.js';
import type { Instant, ModelSettings } from '../model.js';
import { isGuaranteed, isPinProtected } from '../pins.js';

/**
 * When a replica may be retired for being idle; null where it never is: pinned, kept warm by `copies.min`, told to
 * stay, soft, somebody else's, or needed by another replica that is held.
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
  { idleUnload, idleMode, minResidency } = settingsOf(fleet, replica),
): Instant | null {
  if (replica.stranger) {
    const rule = fleet.servers.get(replica.server)?.spec.strangers ?? 'keep';
    if (rule === 'keep') return null;
    if (rule === 'retire') return Math.max(replica.lastUse + minResidency, replica.inUseUntil);
  }
  if (idleUnload === null || idleMode === 'soft') return null;
  return Math.max(replica.lastUse + idleUnload, replica.inUseUntil, standsInUntil(fleet, replica));
}

/** What is wanted of the model of a replica; of one that nobody knows any more, what the defaults say. */
export const settingsOf = (fleet: Readonly<Fleet>, { model }: Replica): ModelSettings =>
  fleet.models.get(model) ?? fleet.defaults;

/** Whether Triton still has requests queued for it; what executes shows nowhere. */
export const hasQueue = (
  fleet: Readonly<Fleet>,
  { server, model }: { server: Ready['server']; model: Ready['model'] },
): boolean => (fleet.servers.get(server)?.pending.get(model) ?? 0) > 0;

/** Whether somebody else loaded it and the operator said that it is not ours to unload. */
export const isKept = (fleet: Readonly<Fleet>, { stranger, server }: Ready): boolean =>
  stranger && fleet.servers.get(server)?.spec.strangers === 'keep';
