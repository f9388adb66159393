import type { Fleet } from '../fleet.js';
import type { Replica } from '../replica.js';
import { failsEverywhere, isWrittenOff, toReplace } from '../failing.js';
import { replicasOf } from '../fleet.js';
import type { ModelId, ServerId } from '../ids.js';
import type { Instant, Model } from '../model.js';
import { copiesOf } from '../pins.js';
import { PINNED, type Rank, rankOf } from '../rank.js';
import { isOverdue, standingOf } from '../standing.js';
import { idleAt } from './idle.js';

/** A model that lacks a copy somebody wants. */
export interface Want {
  readonly model: Model;
  /** Copies it should have, of which fewer are present or on their way. */
  readonly copies: number;
  /** Since when it has lacked one. */
  readonly since: Instant;
  /** Nobody of a higher rank leaves for it. */
  readonly rank: Rank;
}

/**
 * What should be somewhere and is not: pinned models first, then those that a draining server is to be rid of, then the
 * others by rank; of one rank those somebody waits for, oldest first, before wishes nobody waits for.
 */
export function wantsOf(fleet: Fleet, now: Instant): Want[] {
  const wanted = new Map<ModelId, number>();
  const want = (model: ModelId, copies: number): void => {
    wanted.set(model, Math.max(wanted.get(model) ?? 0, copies));
  };
  for (const { id, pinnedCopies, enabled } of fleet.models.values()) {
    if (pinnedCopies > 0 && enabled) want(id, pinnedCopies);
  }
  const leaving = new Set(leavingDraining(fleet, now));
  for (const model of leaving) want(model, 1);
  for (const { model } of fleet.waiting.values()) want(model, 1);
  for (const model of toReplace(fleet, now)) want(model, 1);
  for (const model of fleet.wishes.keys()) want(model, 1);
  const lacking = [...wanted].filter(
    ([model, copies]) =>
      fleet.models.get(model)?.enabled &&
      presentCopies(fleet, model, now) < copies &&
      !isGivenUp(fleet, model, now) &&
      !failsEverywhere(fleet, model),
  );
  noteSince(fleet, new Set(lacking.map(([model]) => model)), now);
  const asked = ranksAsked(fleet);
  const wants = lacking.map(([id, copies]): Want => {
    const model = fleet.models.get(id)!;
    return { model, copies, since: fleet.wantedSince.get(id)!, rank: rankFor(fleet, model, asked, now) };
  });
  return wants.toSorted((one, other) => byTurn(one, leaving) - byTurn(other, leaving));
}

/** What one copy of a model would be wanted as at this moment, whether or not it lacks one. */
export const wantFor = (fleet: Readonly<Fleet>, model: Model, now: Instant): Want => ({
  model,
  copies: 1,
  since: fleet.wantedSince.get(model.id) ?? now,
  rank: rankFor(fleet, model, ranksAsked(fleet), now),
});

/** Whose turn it is before whom: the lower comes first. */
function byTurn({ model, rank }: Want, leaving: ReadonlySet<ModelId>): number {
  if (rank === PINNED) return -2 * PINNED;
  return leaving.has(model.id) ? -PINNED - rank : -rank;
}

/** The highest rank among those who wait, for each model that anybody waits for. */
function ranksAsked(fleet: Readonly<Fleet>): ReadonlyMap<ModelId, Rank> {
  const ranks = new Map<ModelId, Rank>();
  for (const { model, class: asked } of fleet.waiting.values()) {
    ranks.set(model, Math.max(ranks.get(model) ?? 0, rankOf(asked)));
  }
  return ranks;
}

/**
 * How much one more copy of a model matters: as a pin; as the model itself where it is to be kept warm, or nobody waits;
 * as whoever waits for it.
 */
function rankFor(
  fleet: Readonly<Fleet>,
  { id, class: own, pinnedCopies, minCopies }: Model,
  asked: ReadonlyMap<ModelId, Rank>,
  now: Instant,
): Rank {
  const present = presentCopies(fleet, id, now);
  if (present < pinnedCopies) return PINNED;
  const least = present < minCopies ? rankOf(own) : 0;
  return Math.max(least, asked.get(id) ?? rankOf(own));
}

/** A model whose loads are overdue on this many servers is not tried on yet another. */
const OVERDUE_SERVERS = 2;

/** Whether a model's loads hang on so many servers that it is tried on no more, until one ends or an admin says so. */
export function isGivenUp(fleet: Readonly<Fleet>, model: ModelId, now: Instant): boolean {
  if (fleet.wishes.get(model)?.admin) return false;
  const overdue = replicasOf(fleet, model).filter((replica) => isOverdue(fleet, replica, now));
  return overdue.length >= OVERDUE_SERVERS;
}

function noteSince(fleet: Fleet, lacking: ReadonlySet<ModelId>, now: Instant): void {
  for (const model of fleet.wantedSince.keys()) {
    if (lacking.has(model)) continue;
    fleet.wantedSince.delete(model);
    fleet.readings.delete(model);
  }
  for (const model of lacking) if (!fleet.wantedSince.has(model)) fleet.wantedSince.set(model, now);
}

/** Models in use on a server that drains: they are loaded elsewhere before it lets them go. */
export function leavingDraining(fleet: Readonly<Fleet>, now: Instant): ModelId[] {
  const draining = new Set<ServerId>();
  for (const { spec, drain } of fleet.servers.values()) if (drain) draining.add(spec.id);
  if (draining.size === 0) return [];
  return [...fleet.replicas.values()].flatMap((replica) =>
    replica.phase === 'ready' && draining.has(replica.server) && (idleAt(fleet, replica) ?? Infinity) > now
      ? [replica.model]
      : [],
  );
}

/** Copies that are there or on their way, on servers that stay. */
export const presentCopies = (fleet: Readonly<Fleet>, model: ModelId, now: Instant): number =>
  replicasOf(fleet, model).reduce(
    (sum, replica) => (isPresent(fleet, replica, now) ? sum + copiesWith(replica) : sum),
    0,
  );

/** A change under way counts with the devices it is to bring. */
const copiesWith = (replica: Replica): number =>
  replica.phase === 'ready' && replica.change ? replica.change.devices.length : copiesOf(replica);

function isPresent(fleet: Readonly<Fleet>, replica: Replica, now: Instant): boolean {
  const server = fleet.servers.get(replica.server);
  if (!server || server.drain) return false;
  const standing = standingOf(server, now);
  if (standing === 'lost' || (standing !== 'ready' && replica.phase === 'placed')) return false;
  switch (replica.phase) {
    case 'placed':
      return true;
    case 'ready':
      return !isWrittenOff(fleet, replica);
    case 'loading':
      return !isOverdue(fleet, replica, now);
    case 'unknown':
      return replica.coming && !isOverdue(fleet, replica, now);
    case 'draining':
    case 'unloading':
      return false;
  }
}
