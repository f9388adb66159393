import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOf } from '../fleet/fleet.js';
import { isSeenComing, type LoadCause, type Replica } from '../fleet/replica.js';
import { copiesOf, copiesOn, guaranteedCopies, isVoid, standingCopies } from '../memory/pins.js';
import { type ModelId, replicaId } from '../fleet/ids.js';
import { needsQuarantined } from '../memory/limits.js';
import type { Server } from '../fleet/server.js';
import type { Instant, Model } from '../fleet/model.js';
import { PINNED, rankOf } from './rank.js';
import { isComingBack } from '../memory/reloads.js';
import { isOverdue, standingOf } from '../fleet/standing.js';
import { type Asking, askingIn, type Claim, claimsOf, claimsOn } from './claims.js';
import { modelsAwaited } from '../fleet/waiting.js';

/** A claim on a model that has fewer copies than the claim asks for. */
export interface Want extends Claim {
  readonly model: Model;
  readonly since: Instant;
  /**
   * The moment from which starvation counts. Where requests ask for it: since when some have waited at every moment.
   * Where the operator wants it: since when it lacks a copy. Where only best-effort demand wants it: later (`BEST_EFFORT_STARVES`).
   */
  readonly waitsSince: Instant;
  /** Whether only requests ask for it, which wait or were refused. */
  readonly isAsked: boolean;
  /** Whether requests wait for the model. */
  readonly isAwaited: boolean;
  readonly cause: LoadCause;
}

/**
 * All claims that are not met, and notes since when. The claims on one model come in their order, the strongest first;
 * the order of models is that of the line (`byPrecedence`).
 */
export function wantsOf(fleet: Fleet, now: Now): Want[] {
  const asking = askingIn(fleet, now);
  const unmet = unmetClaims(fleet, asking, now);
  noteSince(fleet, unmet, now);
  return listed(fleet, unmet, asking, now);
}

/** The same for a query only: nothing is noted. */
export function wantsNow(fleet: Readonly<Fleet>, now: Now): Want[] {
  const asking = askingIn(fleet, now);
  return listed(fleet, unmetClaims(fleet, asking, now), asking, now);
}

type UnmetClaims = ReadonlyMap<ModelId, readonly Claim[]>;

function unmetClaims(fleet: Readonly<Fleet>, { asked }: Asking, now: Now): UnmetClaims {
  const unmet = new Map<ModelId, readonly Claim[]>();
  for (const [id, claims] of claimsOf(fleet, asked)) {
    const present = presentCopies(fleet, id, now);
    const beyond = claims.filter(({ copies }) => copies > present);
    if (beyond.length > 0 && !isGivenUp(fleet, id, now) && mayBeLoaded(fleet, id)) unmet.set(id, beyond);
  }
  return unmet;
}

function listed(fleet: Readonly<Fleet>, unmet: UnmetClaims, asking: Asking, now: Now): Want[] {
  const wants: Want[] = [];
  for (const [id, claims] of unmet) {
    for (const claim of claims) wants.push(wantOf(fleet, fleet.models.get(id)!, claim, asking, now));
  }
  return wants;
}

function wantOf(fleet: Readonly<Fleet>, model: Model, claim: Claim, asking: Asking, now: Now): Want {
  const { leaving, failing } = asking;
  const { copies, after, rank, isExtra } = claim;
  const since = fleet.wantedSince.get(model.id) ?? now.stamp;
  const isToMove = after === 0 && (leaving.has(model.id) || failing.has(model.id));
  const isAsked = rank !== PINNED && !isOrderedByOperator(fleet, model, claim) && !isToMove;
  const waitsSince = isAsked ? starvesSince(fleet, model.id, now) : since;
  const isAwaited = fleet.awaitedSince.has(model.id);
  const cause = causeOf(fleet, model, claim, asking);
  return { copies, after, rank, isExtra, model, since, waitsSince, isAsked, isAwaited, cause };
}

/**
 * Why a copy is loaded for a claim on a model: of several causes the one that puts the claim first among the wants.
 * The cause `asked` goes by the requests that waited when `wantsOf` was last called.
 */
function causeOf(
  fleet: Readonly<Fleet>,
  model: Model,
  { copies, after, rank, isExtra }: Claim,
  { leaving, failing }: Asking,
): LoadCause {
  if (isExtra) return 'demand';
  if (rank === PINNED) return 'pinned';
  if (after === 0 && leaving.has(model.id)) return 'drain';
  if (copies <= guaranteedCopies(model) && rank === rankOf(model.class)) return 'kept_warm';
  return causeOfAsk(fleet, model.id, failing);
}

function causeOfAsk(fleet: Readonly<Fleet>, id: ModelId, failing: Asking['failing']): LoadCause {
  if (fleet.bestEffort.get(id)?.admin) return 'order';
  if (fleet.awaitedSince.has(id)) return 'asked';
  return failing.has(id) ? 'replaced' : 'wished';
}

/** Whether a model may be loaded: it neither fails wherever it is loaded nor takes more memory than its limit. */
export const mayBeLoaded = (fleet: Readonly<Fleet>, model: ModelId): boolean =>
  fleet.barred.get(model) !== 'failing' && !needsQuarantined(fleet, model);

/** The want for one more copy of a model as it would be at this moment, whether or not the model lacks one. */
export function wantFor(fleet: Readonly<Fleet>, model: Model, now: Now): Want {
  const present = presentCopies(fleet, model.id, now);
  const asking = askingIn(fleet, now);
  const claims = claimsOn(fleet, model, asking.asked.get(model.id) ?? rankOf(model.class));
  const { rank, isExtra } = claims.find(({ copies }) => present < copies) ?? {
    rank: rankOf(model.class),
    isExtra: false,
  };
  return wantOf(fleet, model, { copies: 1, after: 0, rank, isExtra }, asking, now);
}

/** The priority band of a claim in the line, waiting requests aside: the lower band goes first. */
export function bandOf(
  model: ModelId,
  { rank, after, isExtra }: Claim,
  leaving: ReadonlySet<ModelId>,
): number {
  if (isExtra) return PINNED - rank;
  if (rank === PINNED) return -2 * PINNED;
  return leaving.has(model) && after === 0 ? -PINNED - rank : -rank;
}

/** Whether a priority band is that of what a draining server is to be rid of. */
export const isOfDrain = (band: number): boolean => band <= -PINNED && band > -2 * PINNED;

/** Whether no request has to ask for it: it is pinned, kept warm, a copy by demand, or ordered by an admin. */
export const isOrderedByOperator = (
  fleet: Readonly<Fleet>,
  model: Model,
  { copies, isExtra }: Claim,
): boolean => isExtra || copies <= standingCopies(model) || fleet.bestEffort.get(model.id)?.admin === true;

/** A model whose loads are overdue on so many servers is loaded on no other. */
const OVERDUE_SERVERS = 2;

/** Whether loads of a model are overdue on so many servers that no more are ordered, unless an admin orders one. */
export function isGivenUp(fleet: Readonly<Fleet>, model: ModelId, now: Now): boolean {
  if (fleet.bestEffort.get(model)?.admin) return false;
  const overdue = replicasOf(fleet, model).filter((replica) => isOverdue(fleet, replica, now));
  return overdue.length >= OVERDUE_SERVERS;
}

function noteSince(fleet: Fleet, lacking: UnmetClaims, now: Now): void {
  noteAwaited(fleet, now);
  for (const model of fleet.wantedSince.keys()) {
    if (!lacking.has(model)) fleet.wantedSince.delete(model);
  }
  for (const [model, claims] of lacking) {
    const isAlone = claims.every(({ isExtra }) => isExtra);
    const utilisation = fleet.utilisations.get(model);
    // The wait of requests does not include the time in which only a copy by demand was wanted.
    const isNew = !isAlone && utilisation?.isAlone === true;
    if (isNew || !fleet.wantedSince.has(model)) fleet.wantedSince.set(model, now.stamp);
    if (utilisation && utilisation.isAlone !== isAlone)
      fleet.utilisations.set(model, { ...utilisation, isAlone });
  }
}

function noteAwaited(fleet: Fleet, now: Now): void {
  const { waiting, awaitedSince } = fleet;
  if (waiting.size + awaitedSince.size === 0) return;
  const awaited = modelsAwaited(fleet);
  for (const model of awaitedSince.keys()) if (!awaited.has(model)) awaitedSince.delete(model);
  for (const model of awaited.keys()) if (!awaitedSince.has(model)) awaitedSince.set(model, now.stamp);
}

/** Copies of a model that are there or on their way, on servers that stay. */
export function presentCopies(fleet: Readonly<Fleet>, model: ModelId, now: Now): number {
  let copies = 0;
  for (const id of fleet.holders.get(model) ?? []) {
    const replica = fleet.replicas.get(id)!;
    if (isPresent(fleet, replica, now)) copies += copiesWith(fleet, replica);
  }
  return copies;
}

/** Copies of a model that are on one server, or on their way there. */
export function presentOn(fleet: Readonly<Fleet>, server: Server, model: ModelId, now: Now): number {
  const replica = fleet.replicas.get(replicaId(model, server.spec.id));
  return replica && isPresent(fleet, replica, now) ? copiesWith(fleet, replica) : 0;
}

/** What is to be loaded anew counts as if it were back. */
function copiesWith(fleet: Readonly<Fleet>, replica: Replica): number {
  const devices = fleet.reloads.get(replica.id)?.devices ?? replica.devices;
  return Math.max(copiesOf(fleet, replica), copiesOn(fleet.models.get(replica.model), devices));
}

/** Whether a copy is on its way, on a server that stays. */
export const isComing = (fleet: Readonly<Fleet>, replica: Replica, now: Now): boolean =>
  replica.phase !== 'ready' &&
  replica.phase !== 'draining' &&
  replica.phase !== 'unloading' &&
  isPresent(fleet, replica, now);

function isPresent(fleet: Readonly<Fleet>, replica: Replica, now: Now): boolean {
  const server = fleet.servers.get(replica.server);
  if (!server || server.drain || standingOf(server, now) === 'lost') return false;
  switch (replica.phase) {
    case 'placed':
      return true;
    case 'ready':
      return !isVoid(fleet, replica);
    case 'loading':
      return !isOverdue(fleet, replica, now);
    case 'unknown':
      return isSeenComing(replica) && !isOverdue(fleet, replica, now);
    case 'draining':
    case 'unloading':
      return isComingBack(fleet, replica);
  }
}

/** Best-effort demand starves so many times as late as a waiting request: a refused request has had its answer. */
const BEST_EFFORT_STARVES = 4;

/** Since when a model that requests ask for counts as waiting for its load: see `waitsSince` of a want. */
function starvesSince(fleet: Readonly<Fleet>, id: ModelId, now: Now): Instant {
  const since = fleet.wantedSince.get(id) ?? now.stamp;
  const waited = Math.max(since, fleet.awaitedSince.get(id) ?? Infinity);
  const bestEffort = since + (BEST_EFFORT_STARVES - 1) * fleet.limits.starvation;
  return Math.min(waited, bestEffort);
}

/** Whether a want that has waited since then starves. */
export const hasStarved = (fleet: Readonly<Fleet>, since: Instant, now: Now): boolean =>
  now.has(since + fleet.limits.starvation);
