import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import { dependentsOf } from '../memory/footprint.js';
import type { ReplicaId } from '../fleet/ids.js';
import { leasedUntil } from '../learned/leases.js';
import type { Class, Instant } from '../fleet/model.js';
import { hasQueue } from '../demand/idle.js';
import { isKept, residentUntil, settingsOf } from '../fleet/idle-rule.js';
import { isAbove, isKeptFrom } from '../room/victims.js';
import type { Want } from '../demand/wants.js';
import { waitingFor } from '../fleet/waiting.js';
import { isPinProtected } from '../memory/pins.js';
import type { Phase, Replica } from '../fleet/replica.js';

/** A reason why a replica is not drained to make room for another model. */
export type Hold =
  /** It would leave fewer copies than are pinned. */
  | { readonly kind: 'pinned' }
  /** It is a stranger, and the operator has strangers kept. */
  | { readonly kind: 'stranger' }
  /** Its unload was acknowledged and had no effect: it has to be loaded first, by hand, and then unloaded. */
  | { readonly kind: 'outlived' }
  | { readonly kind: 'residency'; readonly until: Instant }
  /** It is leased. A model that starves may have it drained all the same. */
  | { readonly kind: 'in_use'; readonly until: Instant }
  | { readonly kind: 'queued' }
  | { readonly kind: 'awaited' }
  /** These replicas depend on it: it leaves only together with them. */
  | { readonly kind: 'needed'; readonly by: readonly ReplicaId[] }
  /** It is of a higher class than the model that wants its memory, and came back soon after it had left for a lower one. */
  | { readonly kind: 'outranks'; readonly class: Class }
  /** It is one of the copies that `copies.min` keeps, and the other model is of no higher class. */
  | { readonly kind: 'kept_warm' }
  | { readonly kind: 'phase'; readonly phase: Exclude<Phase, 'ready'> };

/** Everything that keeps a replica where it is at this moment; empty for one that may be evicted. */
export function holdsOn(fleet: Readonly<Fleet>, replica: Replica, now: Now): Hold[] {
  if (replica.phase !== 'ready') return [{ kind: 'phase', phase: replica.phase }];
  const by = dependentsOf(fleet, replica).map(({ id }) => id);
  const until = residentUntil(fleet, replica);
  const leased = leasedUntil(fleet, replica);
  return [
    ...where(isPinProtected(fleet, replica), { kind: 'pinned' }),
    ...where(isKept(fleet, replica), { kind: replica.outlived ? 'outlived' : 'stranger' }),
    ...where(by.length > 0, { kind: 'needed', by }),
    ...where(!now.has(until), { kind: 'residency', until }),
    ...where(!now.has(leased), { kind: 'in_use', until: leased }),
    ...where(hasQueue(fleet, replica), { kind: 'queued' }),
    ...where(waitingFor(fleet, replica.model) > 0, { kind: 'awaited' }),
  ];
}

/** The same, and what keeps it from leaving for one want. */
export function holdsAgainst(fleet: Readonly<Fleet>, replica: Replica, want: Want, now: Now): Hold[] {
  return [
    ...holdsOn(fleet, replica, now),
    ...holdsByClass(fleet, replica, want),
    ...where(isKeptFrom(fleet, replica, want), { kind: 'kept_warm' }),
  ];
}

const holdsByClass = (fleet: Readonly<Fleet>, replica: Replica, want: Want): Hold[] =>
  replica.phase === 'ready' && isAbove(fleet, replica, want)
    ? [{ kind: 'outranks', class: settingsOf(fleet, replica).class }]
    : [];

const where = (isSo: boolean, hold: Hold): Hold[] => (isSo ? [hold] : []);
