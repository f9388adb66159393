import type { Fleet } from '../fleet.js';
import type { Replica } from '../replica.js';
import { failsEverywhere, isWrittenOff, toReplace } from '../failing.js';
import { replicasOf } from '../fleet.js';
import type { ModelId, ServerId } from '../ids.js';
import type { Instant, Model } from '../model.js';
import { copiesOf } from '../pins.js';
import { isOverdue, standingOf } from '../standing.js';
import { idleAt } from './idle.js';

/** A model that lacks a copy somebody wants. */
export interface Want {
  readonly model: Model;
  /** Copies it should have, of which fewer are present or on their way. */
  readonly copies: number;
  /** Since when it has lacked one. */
  readonly since: Instant;
}

/**
 * What should be somewhere and is not: pinned models first, then those that a draining server is to be rid of, then
 * those somebody waits for, oldest first, then wishes nobody waits for.
 */
export function wantsOf(fleet: Fleet, now: Instant): Want[] {
  const wanted = new Map<ModelId, number>();
  const want = (model: ModelId, copies: number): void => {
    wanted.set(model, Math.max(wanted.get(model) ?? 0, copies));
  };
  for (const { id, pinnedCopies, enabled } of fleet.models.values()) {
    if (pinnedCopies > 0 && enabled) want(id, pinnedCopies);
  }
  for (const model of leavingDraining(fleet, now)) want(model, 1);
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
  return lacking.map(([model, copies]) => ({
    model: fleet.models.get(model)!,
    copies,
    since: fleet.wantedSince.get(model)!,
  }));
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
