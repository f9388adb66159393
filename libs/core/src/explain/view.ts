import { type Fleet, replicasOf, replicasOn } from '../fleet/fleet.js';
import { needsRestart } from '../memory/device-flags.js';
import type { FailureCause, Ready, Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import type { AccountId, ModelId } from '../fleet/ids.js';
import { Ledger } from '../memory/ledger.js';
import type { Bytes, Instant } from '../fleet/model.js';
import { isFailing, isWrittenOff } from '../memory/failing.js';
import { isOverLimit, isQuarantined } from '../memory/limits.js';
import { claimsOf, ranksAsked } from '../demand/claims.js';
import { isBroken } from '../demand/cooling.js';
import { waitingFor } from '../loading/eta.js';
import { isKept } from '../demand/idle.js';
import { leavingDraining } from '../demand/asking.js';
import { copiesOf } from '../memory/pins.js';
import { isRoutable, loadBegan, loadsByServer, type Standing, standingOf } from '../fleet/standing.js';
import { isStuck } from '../fleet/stuck.js';

/** A model in one word: its most useful replica's phase, else what keeps it from having one. */
export type ModelState =
  | 'absent'
  | 'waiting'
  | 'placed'
  | 'loading'
  | 'ready'
  | 'draining'
  | 'unloading'
  | 'unknown'
  | 'cooling_down';

const MOST_USEFUL: readonly Replica['phase'][] = [
  'ready',
  'loading',
  'placed',
  'draining',
  'unloading',
  'unknown',
];

export function modelState(fleet: Readonly<Fleet>, model: ModelId, now: Instant): ModelState {
  const phases = new Set(replicasOf(fleet, model).map(({ phase }) => phase));
  const phase = MOST_USEFUL.find((one) => phases.has(one));
  if (phase) return phase;
  if (nextTryAt(fleet, model, now) !== null) return 'cooling_down';
  return waitingFor(fleet, model) > 0 || fleet.wantedSince.has(model) ? 'waiting' : 'absent';
}

/** When the next load of a model may be tried, where it may be nowhere now, or every server it failed on still has to wait. */
export function nextTryAt(fleet: Readonly<Fleet>, model: ModelId, now: Instant): Instant | null {
  const active = cooldownsOf(fleet, model).filter(({ until }) => until > now);
  const broken = isBroken(fleet, model, now) ? fleet.breakers.get(model)!.until : now;
  const next = Math.max(
    broken,
    ...(active.length > 0 ? [Math.min(...active.map(({ until }) => until))] : []),
  );
  return next > now ? next : null;
}

/** The latest failed load that no success has followed. */
export function lastFailure(
  fleet: Readonly<Fleet>,
  model: ModelId,
): { readonly at: Instant; readonly cause: FailureCause } | null {
  const excess = isQuarantined(fleet, model) ? fleet.excesses.get(model)! : null;
  if (excess) return { at: excess.at, cause: 'capacity' };
  return cooldownsOf(fleet, model).toSorted((a, b) => b.at - a.at)[0] ?? null;
}

const cooldownsOf = (fleet: Readonly<Fleet>, model: ModelId) =>
  [...fleet.cooldowns.values()].filter((cooldown) => cooldown.model === model);

/** What is odd about a replica: `over_limit` was measured above what was declared for its model. */
export type ReplicaFlag = 'failing' | 'stuck' | 'over_limit';

export function replicaFlags(fleet: Readonly<Fleet>, replica: Replica, now: Instant): ReplicaFlag[] {
  const flags: ReplicaFlag[] = [];
  if (replica.phase === 'ready' && isFailing(replica)) flags.push('failing');
  if (isStuck(fleet, replica, now)) flags.push('stuck');
  if (isOverLimit(fleet, replica)) flags.push('over_limit');
  return flags;
}

export type ServerState = Standing | 'draining' | 'drained';

/**
 * How a server stands; one that is up and being drained says how far that has come. What is stuck leaves with the process
 * only: it is nothing to wait for.
 */
export function serverState(fleet: Readonly<Fleet>, server: Server, now: Instant): ServerState {
  const standing = standingOf(server, now);
  if (!server.drain || (standing !== 'ready' && standing !== 'stale')) return standing;
  const left = replicasOn(fleet, server.spec.id).filter(
    (replica) => !staysWhenDrained(fleet, replica) && !isStuck(fleet, replica, now),
  );
  return left.length > 0 ? 'draining' : 'drained';
}

const staysWhenDrained = (fleet: Readonly<Fleet>, replica: Replica): boolean =>
  replica.phase === 'ready' && isKept(fleet, replica);

export type ServerFlag = 'stuck_load' | 'stuck_unload' | 'hidden_copy' | 'failing_model' | 'needs_restart';

export function serverFlags(fleet: Readonly<Fleet>, server: Server, now: Instant): ServerFlag[] {
  const replicas = replicasOn(fleet, server.spec.id);
  const stuck = replicas.filter((replica) => isStuck(fleet, replica, now));
  const stuckUnload = stuck.some(isUnload);
  const overdue = loadsByServer(fleet, now).get(server.spec.id)?.overdue ?? 0;
  const flags: [ServerFlag, boolean][] = [
    ['stuck_load', stuck.some((replica) => loadBegan(replica) !== null)],
    ['stuck_unload', stuckUnload],
    ['hidden_copy', server.hidden.length > 0],
    [
      'failing_model',
      replicas.some((replica): replica is Ready => replica.phase === 'ready' && isFailing(replica)),
    ],
    ['needs_restart', overdue >= fleet.limits.loadsPerServer || stuckUnload || needsRestart(server)],
  ];
  return flags.flatMap(([flag, isSet]) => (isSet ? [flag] : []));
}

/** Whether Triton was told to unload it: it answered and the model is still there, or it did not answer at all. */
const isUnload = (replica: Replica): boolean =>
  replica.phase === 'unloading' || (replica.phase === 'unknown' && replica.after === 'unload');

/** The numbers of one device or host, in bytes; an account without a limit has infinite capacity. */
export interface Memory {
  readonly capacity: Bytes;
  readonly held: Bytes;
  readonly promised: Bytes;
  readonly free: Bytes;
}

/** The memory arithmetic as it stands, for as many accounts as asked. */
export function memoryOf(fleet: Readonly<Fleet>): (account: AccountId) => Memory {
  const ledger = new Ledger(fleet);
  return (account) => {
    const { capacity, held, promised } = ledger.of(account);
    return { capacity, held, promised, free: capacity - held };
  };
}

/** Pinned models of which fewer copies are ready than are pinned. */
export function unsatisfiedPins(fleet: Readonly<Fleet>): ModelId[] {
  const pinned = [...fleet.models.values()].filter(({ pinnedCopies }) => pinnedCopies > 0);
  return pinned.filter(({ id, pinnedCopies }) => readyCopies(fleet, id) < pinnedCopies).map(({ id }) => id);
}

const readyCopies = (fleet: Readonly<Fleet>, model: ModelId): number =>
  replicasOf(fleet, model)
    .filter((one) => one.phase === 'ready' && isRoutable(fleet.servers.get(one.server)!))
    .filter((one) => !isWrittenOff(fleet, one))
    .reduce((sum, replica) => sum + copiesOf(fleet, replica), 0);

/** How many copies of each model are wanted, by the claim that asks for most, and how many are ready. */
export function copiesPerModel(
  fleet: Readonly<Fleet>,
  now: Instant,
): Map<ModelId, { readonly wanted: number; readonly ready: number }> {
  const claims = claimsOf(fleet, ranksAsked(fleet, leavingDraining(fleet, now), now));
  return new Map(
    Array.from(fleet.models.keys(), (id) => [
      id,
      { wanted: claims.get(id)?.at(-1)?.copies ?? 0, ready: readyCopies(fleet, id) },
    ]),
  );
}

/** Loads ordered and not ended. */
export const loadsInFlight = (fleet: Readonly<Fleet>): number =>
  [...fleet.replicas.values()].filter((replica) => loadBegan(replica) !== null).length;
