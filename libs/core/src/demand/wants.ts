import type { Fleet } from '../fleet/fleet.js';
import type { LoadCause, Replica } from '../fleet/replica.js';
import { failsEverywhere, isWrittenOff } from '../memory/failing.js';
import { replicasOf } from '../fleet/fleet.js';
import { type ModelId, replicaId, type ReplicaId } from '../fleet/ids.js';
import { isBarred } from '../memory/limits.js';
import type { Server } from '../fleet/server.js';
import type { Instant, Model } from '../fleet/model.js';
import { copiesOf, standingCopies } from '../memory/pins.js';
import { PINNED, type Rank, rankOf } from './rank.js';
import { isComingBack } from '../memory/reloads.js';
import { isOverdue, standingOf } from '../fleet/standing.js';
import { type Asking, askingIn, leavingDraining } from './asking.js';
import { causeOf } from './cause.js';
import { starvesSince } from './starving.js';
import { type Claim, claimsOf, claimsOn, ranksAsked } from './claims.js';

/** A claim on a model that lacks a copy of those it asks for. */
export interface Want extends Claim {
  readonly model: Model;
  /** Since when the model has lacked one. */
  readonly since: Instant;
  /**
   * Since when requests have waited for it at every moment and there was none. Where the operator wants it, since when
   * it was lacking. Where it is only wished for, later, so that it starves all the same in the end.
   */
  readonly waitsSince: Instant;
  /** Whether only callers want it, whose requests wait or were refused. */
  readonly isAsked: boolean;
  /** Why a copy is loaded for it. */
  readonly cause: LoadCause;
  /** As what one copy of this and other models was asked for (`ranksAsked`), when it was wanted. */
  readonly asked: ReadonlyMap<ModelId, Rank>;
}

/**
 * What should be somewhere and is not. Of one model a stronger claim comes before a weaker one; which model goes first
 * is said by the line (`byPrecedence`).
 */
export function wantsOf(fleet: Fleet, now: Instant): Want[] {
  const lacking = unmetClaimsIn(fleet, now);
  noteSince(fleet, lacking.claims, now);
  return listed(fleet, lacking, now);
}

/** The same for a query only: nothing is noted. */
export const wantsNow = (fleet: Readonly<Fleet>, now: Instant): Want[] =>
  listed(fleet, unmetClaimsIn(fleet, now), now);

/** The claims that are not met, and why their models are wanted. */
interface UnmetClaims extends Asking {
  readonly claims: ReadonlyMap<ModelId, readonly Claim[]>;
}

function unmetClaimsIn(fleet: Readonly<Fleet>, now: Instant): UnmetClaims {
  const asking = askingIn(fleet, now);
  const lacking = new Map<ModelId, readonly Claim[]>();
  for (const [id, claims] of claimsOf(fleet, asking.asked)) {
    const unmet = unmetOf(claims, presentCopies(fleet, id, now));
    if (unmet.length > 0 && !isGivenUp(fleet, id, now) && mayBeLoaded(fleet, id)) lacking.set(id, unmet);
  }
  return { claims: lacking, ...asking };
}

function listed(fleet: Readonly<Fleet>, lacking: UnmetClaims, now: Instant): Want[] {
  const wants: Want[] = [];
  for (const [id, unmet] of lacking.claims) {
    for (const claim of unmet) wants.push(wantOf(fleet, fleet.models.get(id)!, claim, lacking, now));
  }
  return wants;
}

/** What is left of claims, each of which asks for more copies than the one before. */
function unmetOf(claims: readonly Claim[], present: number): readonly Claim[] {
  const first = claims.findIndex(({ copies }) => present < copies);
  return first < 0 ? NO_CLAIMS : claims.slice(first);
}

const NO_CLAIMS: readonly Claim[] = [];

function wantOf(fleet: Readonly<Fleet>, model: Model, claim: Claim, asking: Asking, now: Instant): Want {
  const { asked, leaving, failing } = asking;
  const { copies, after, rank, isExtra } = claim;
  const since = fleet.wantedSince.get(model.id) ?? now;
  const isToMove = after === 0 && (leaving.has(model.id) || failing.has(model.id));
  const isAsked = rank !== PINNED && !isDue(fleet, model, claim) && !isToMove;
  const waitsSince = isAsked ? starvesSince(fleet, model.id, now) : since;
  const cause = causeOf(fleet, model, claim, asking);
  return { copies, after, rank, isExtra, model, since, waitsSince, isAsked, asked, cause };
}

/** Whether nothing that a model did keeps it from being loaded: it neither fails wherever it is nor takes too much. */
export const mayBeLoaded = (fleet: Readonly<Fleet>, model: ModelId): boolean =>
  !failsEverywhere(fleet, model) && !isBarred(fleet, model);

/** What one more copy of a model would be wanted as at this moment, whether or not it lacks one. */
export function wantFor(fleet: Readonly<Fleet>, model: Model, now: Instant): Want {
  const present = presentCopies(fleet, model.id, now);
  const asking = askingIn(fleet, now);
  const claims = claimsOn(fleet, model, asking.asked.get(model.id) ?? rankOf(model.class));
  const { rank, isExtra } = claims.find(({ copies }) => present < copies) ?? {
    rank: rankOf(model.class),
    isExtra: false,
  };
  return wantOf(fleet, model, { copies: 1, after: 0, rank, isExtra }, asking, now);
}

/** Whether more copies of a model are wanted, demand aside, than there are, and it may be loaded. */
export function isLacking(fleet: Readonly<Fleet>, model: Model, now: Instant): boolean {
  if (!model.enabled || isGivenUp(fleet, model.id, now) || !mayBeLoaded(fleet, model.id)) return false;
  const asked = ranksAsked(fleet, leavingDraining(fleet, now), now);
  const present = presentCopies(fleet, model.id, now);
  const claims = claimsOn(fleet, model, asked.get(model.id) ?? null);
  return claims.some(({ copies, isExtra }) => !isExtra && present < copies);
}

/** What goes before what, waiting requests aside: the lower comes first. */
export function stageOf(
  model: ModelId,
  { rank, after, isExtra }: Claim,
  leaving: ReadonlySet<ModelId>,
): number {
  if (isExtra) return PINNED - rank;
  if (rank === PINNED) return -2 * PINNED;
  return leaving.has(model) && after === 0 ? -PINNED - rank : -rank;
}

/** Whether the operator asks for it: it is pinned, kept warm, one copy more by demand, or ordered by an admin. */
export const isDue = (fleet: Readonly<Fleet>, model: Model, { copies, isExtra }: Claim): boolean =>
  isExtra || copies <= standingCopies(model) || fleet.wishes.get(model.id)?.admin === true;

/** A model whose loads are overdue on this many servers is not tried on yet another. */
const OVERDUE_SERVERS = 2;

/** Whether a model's loads hang on so many servers that it is tried on no more, until one ends or an admin says so. */
export function isGivenUp(fleet: Readonly<Fleet>, model: ModelId, now: Instant): boolean {
  if (fleet.wishes.get(model)?.admin) return false;
  const overdue = replicasOf(fleet, model).filter((replica) => isOverdue(fleet, replica, now));
  return overdue.length >= OVERDUE_SERVERS;
}

function noteSince(fleet: Fleet, lacking: ReadonlyMap<ModelId, readonly Claim[]>, now: Instant): void {
  noteAwaited(fleet, now);
  for (const model of fleet.wantedSince.keys()) {
    if (lacking.has(model)) continue;
    fleet.wantedSince.delete(model);
    fleet.readings.delete(model);
  }
  for (const [model, claims] of lacking) {
    const isAlone = claims.every(({ isExtra }) => isExtra);
    const strain = fleet.strains.get(model);
    // Requests that come while only one copy more was wanted have not waited yet.
    const isNew = !isAlone && strain?.isAlone === true;
    if (isNew || !fleet.wantedSince.has(model)) fleet.wantedSince.set(model, now);
    if (strain && strain.isAlone !== isAlone) fleet.strains.set(model, { ...strain, isAlone });
  }
}

function noteAwaited({ waiting, awaitedSince }: Fleet, now: Instant): void {
  if (waiting.size + awaitedSince.size === 0) return;
  const awaited = new Set<ModelId>();
  for (const { model } of waiting.values()) awaited.add(model);
  for (const model of awaitedSince.keys()) if (!awaited.has(model)) awaitedSince.delete(model);
  for (const model of awaited) if (!awaitedSince.has(model)) awaitedSince.set(model, now);
}

/** Copies that are there or on their way, on servers that stay. */
export function presentCopies(fleet: Readonly<Fleet>, model: ModelId, now: Instant): number {
  let copies = 0;
  for (const id of fleet.holders.get(model) ?? NO_REPLICA_IDS) {
    const replica = fleet.replicas.get(id)!;
    if (isPresent(fleet, replica, now)) copies += copiesWith(fleet, replica);
  }
  return copies;
}

const NO_REPLICA_IDS: ReadonlySet<ReplicaId> = new Set();

/** Copies of a model that are on one server, or on their way there. */
export function presentOn(fleet: Readonly<Fleet>, server: Server, model: ModelId, now: Instant): number {
  const replica = fleet.replicas.get(replicaId(model, server.spec.id));
  return replica && isPresent(fleet, replica, now) ? copiesWith(fleet, replica) : 0;
}

/** A change under way counts with the devices it is to bring. */
const copiesWith = (fleet: Readonly<Fleet>, replica: Replica): number =>
  replica.phase === 'ready' && replica.change ? replica.change.devices.length : copiesOf(fleet, replica);

/** Whether a copy is on its way, on a server that stays. */
export const isComing = (fleet: Readonly<Fleet>, replica: Replica, now: Instant): boolean =>
  (replica.phase === 'ready' ? replica.change !== null : replica.phase !== 'draining') &&
  replica.phase !== 'unloading' &&
  isPresent(fleet, replica, now);

function isPresent(fleet: Readonly<Fleet>, replica: Replica, now: Instant): boolean {
  const server = fleet.servers.get(replica.server);
  if (!server || server.drain) return false;
  if (standingOf(server, now) === 'lost') return false;
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
      return isComingBack(fleet, replica);
  }
}
