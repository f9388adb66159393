import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOn } from '../fleet/fleet.js';
import type { ModelId, ServerId } from '../fleet/ids.js';
import type { Bytes, Millis } from '../fleet/model.js';
import { isLeaving, type Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { serverState } from '../explain/view.js';
import { leasedUntil } from '../learned/leases.js';
import { loadForecast } from '../learned/load-forecast.js';
import { copiesOf, isPinProtected, isSolidCopy } from '../memory/pins.js';
import { type Holdings, isOfHost } from './holdings.js';
import type { ModelNeed } from './model-needs.js';

/** What the removal of a server would cost, or why it would cost nothing; the last ones cost most. */
const REMOVAL_REASONS = [
  /** It is not reached. */
  'lost',
  /** It drains, and nothing is left on it. */
  'drained',
  /** Nothing on it is needed there. */
  'unused',
  'draining',
  /** Models would have to be loaded elsewhere: none of them leased, some leased, some pinned. */
  'warm',
  'in_use',
  'pinned',
  /** What is needed does not fit on the other servers. */
  'no_room',
] as const;
type RemovalReason = (typeof REMOVAL_REASONS)[number];

/** What it would cost to remove one server. */
export interface Removal {
  readonly server: ServerId;
  /** The predicted time of all loads that would be needed elsewhere. */
  readonly cost: Millis;
  readonly reason: RemovalReason;
  /** How many models these are, and what they book there. */
  readonly models: number;
  readonly bytes: Bytes;
}

/** What is needed in all, and what the servers that stay have: to tell whether one can be spared. */
export interface Sparing {
  readonly needs: ReadonlyMap<ModelId, ModelNeed>;
  readonly holdings: ReadonlyMap<ModelId, Holdings>;
  /** Whether what is needed fits without this server. */
  readonly fitsWithout: (server: Server) => boolean;
}

/** The cost of removal of each server. The one that costs least comes first, those that cannot be spared last. */
export function removals(fleet: Readonly<Fleet>, sparing: Sparing, now: Now): Removal[] {
  const all: Removal[] = [];
  for (const server of fleet.servers.values()) all.push(removalOf(fleet, server, sparing, now));
  return all.toSorted(byRemovalCost);
}

const byRemovalCost = (a: Removal, b: Removal): number =>
  Number(a.reason === 'no_room') - Number(b.reason === 'no_room') ||
  a.cost - b.cost ||
  rankOfReason(a) - rankOfReason(b) ||
  a.bytes - b.bytes ||
  (a.server < b.server ? -1 : 1);

const rankOfReason = ({ reason }: Removal): number => REMOVAL_REASONS.indexOf(reason);

function removalOf(fleet: Readonly<Fleet>, server: Server, sparing: Sparing, now: Now): Removal {
  const { id } = server.spec;
  const state = serverState(fleet, server, now);
  const free = { server: id, cost: 0, models: 0, bytes: 0 };
  if (state === 'lost' || state === 'drained') return { ...free, reason: state };
  const missed = replicasOn(fleet, id).filter((one) => isMissed(fleet, one, sparing));
  if (missed.length === 0) return { ...free, reason: state === 'draining' ? 'draining' : 'unused' };
  let [cost, bytes] = [0, 0];
  for (const { model, bookings } of missed) {
    cost += loadForecast(fleet, model, null).p50;
    for (const booking of bookings) if (!isOfHost(booking.account)) bytes += booking.bytes;
  }
  const reason = state === 'draining' ? state : reasonFor(fleet, server, missed, sparing, now);
  return { server: id, cost: Math.round(cost), reason, models: missed.length, bytes };
}

/** Whether too few copies of a needed model would be left without this one. */
function isMissed(fleet: Readonly<Fleet>, replica: Replica, { needs, holdings }: Sparing): boolean {
  const need = needs.get(replica.model);
  if (!need || isLeaving(replica)) return false;
  const solid = holdings.get(replica.model)?.solid ?? 0;
  return solid - (isSolidCopy(fleet, replica) ? copiesOf(fleet, replica) : 0) < need.least;
}

function reasonFor(
  fleet: Readonly<Fleet>,
  server: Server,
  missed: readonly Replica[],
  { fitsWithout }: Sparing,
  now: Now,
): RemovalReason {
  if (!fitsWithout(server)) return 'no_room';
  if (missed.some((one) => isPinProtected(fleet, one))) return 'pinned';
  return missed.some((one) => one.phase === 'ready' && !now.has(leasedUntil(fleet, one))) ? 'in_use' : 'warm';
}
