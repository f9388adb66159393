import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOf, replicasOn } from '../fleet/fleet.js';
import {
  type FailureCause,
  hasOutlived,
  isBeingUnloaded,
  isFailing,
  type Phase,
  type Replica,
} from '../fleet/replica.js';
import type { Device, Server } from '../fleet/server.js';
import { areMetricsLate, closedOn, givesBackLate } from '../fleet/meter.js';
import { type AccountId, hostAccount, type ModelId } from '../fleet/ids.js';
import { Ledger } from '../memory/ledger.js';
import type { Bytes, Instant } from '../fleet/model.js';
import { copiesOf, isReplaced } from '../memory/pins.js';
import { isOverLimit, isQuarantined } from '../memory/limits.js';
import { failsInPart } from '../learned/failures.js';
import { routableReplicas } from '../learned/routes.js';
import { claimsOf, leavingDraining, ranksAsked } from '../demand/claims.js';
import { waitingFor } from '../fleet/waiting.js';
import { isKept } from '../fleet/idle-rule.js';
import {
  isStuck,
  loadBegan,
  loadsByServer,
  ordersAtOnce,
  type Standing,
  standingOf,
} from '../fleet/standing.js';
import { ownersOf } from '../memory/account-owners.js';

/** A model in one word: the phase of its most useful replica, else why it has none. */
export type ModelState = 'absent' | 'waiting' | 'cooling_down' | Phase;

const MAX_USEFUL: readonly Phase[] = ['ready', 'loading', 'placed', 'draining', 'unloading', 'unknown'];

export function modelState(fleet: Readonly<Fleet>, model: ModelId, now: Now): ModelState {
  const phases = new Set(replicasOf(fleet, model).map(({ phase }) => phase));
  const phase = MAX_USEFUL.find((one) => phases.has(one));
  if (phase) return phase;
  if (nextTryAt(fleet, model, now) !== null) return 'cooling_down';
  return waitingFor(fleet, model) > 0 || fleet.wantedSince.has(model) ? 'waiting' : 'absent';
}

/** When the next load of a model may be tried after failed loads; null where none keeps it from a server now. */
export function nextTryAt(fleet: Readonly<Fleet>, model: ModelId, now: Now): Instant | null {
  const ends = cooldownsOf(fleet, model).flatMap(({ until }) => (!now.has(until) ? [until] : []));
  const cooled = ends.length > 0 ? Math.min(...ends) : now.stamp;
  const next = Math.max(cooled, fleet.breakers.get(model)?.until ?? now.stamp);
  return !now.has(next) ? next : null;
}

/** The latest failed load of a model that no success has followed; a violation of its limit comes first. */
export function lastFailure(
  fleet: Readonly<Fleet>,
  model: ModelId,
): { readonly at: Instant; readonly cause: FailureCause } | null {
  if (isQuarantined(fleet, model)) return { at: fleet.limitViolations.get(model)!.at, cause: 'capacity' };
  return cooldownsOf(fleet, model).toSorted((a, b) => b.at - a.at)[0] ?? null;
}

const cooldownsOf = (fleet: Readonly<Fleet>, model: ModelId) =>
  [...fleet.cooldowns.values()].filter((cooldown) => cooldown.model === model);

/** What is wrong with a replica; `over_limit`: it was measured to hold more than was declared for its model. */
export type ReplicaFlag = 'failing' | 'stuck' | 'over_limit';

export function replicaFlags(fleet: Readonly<Fleet>, replica: Replica, now: Now): ReplicaFlag[] {
  const flags: ReplicaFlag[] = [];
  if (replica.phase === 'ready' && isFailing(replica)) flags.push('failing');
  if (isStuck(fleet, replica, now)) flags.push('stuck');
  if (isOverLimit(fleet, replica)) flags.push('over_limit');
  return flags;
}

export type ServerState = Standing | 'draining' | 'drained';

/**
 * How a server stands; of one that is up and drains, how far that has come. Stuck replicas leave only with the process:
 * the drain does not wait for them.
 */
export function serverState(fleet: Readonly<Fleet>, server: Server, now: Now): ServerState {
  const standing = standingOf(server, now);
  if (!server.drain || (standing !== 'ready' && standing !== 'stale')) return standing;
  const isLeft = replicasOn(fleet, server.spec.id).some(
    (one) => !(one.phase === 'ready' && isKept(fleet, one)) && !isStuck(fleet, one, now),
  );
  return isLeft ? 'draining' : 'drained';
}

/**
 * What is odd about a server. `memory_late`: its process gives memory back later than the window, so an unload lasts until
 * that shows. `metrics_late`: Triton reads its GPUs more rarely than was declared, so the default interval counts.
 */
export type ServerFlag =
  | 'stuck_load'
  | 'stuck_unload'
  | 'hidden_copy'
  | 'failing_model'
  | 'needs_restart'
  | 'memory_late'
  | 'metrics_late';

export function serverFlags(fleet: Readonly<Fleet>, server: Server, now: Now): ServerFlag[] {
  const replicas = replicasOn(fleet, server.spec.id);
  const stuck = replicas.filter((replica) => isStuck(fleet, replica, now));
  const isUnloadStuck = stuck.some(isBeingUnloaded);
  const overdue = loadsByServer(fleet, now).get(server.spec.id)?.overdue ?? 0;
  const isFull = overdue >= ordersAtOnce(fleet, server);
  return setOf<ServerFlag>([
    ['stuck_load', stuck.some((one) => loadBegan(one) !== null)],
    ['stuck_unload', isUnloadStuck],
    ['hidden_copy', server.hidden.some(({ bookings }) => bookings.length > 0) || replicas.some(hasOutlived)],
    ['failing_model', replicas.some((one) => isFailingAt(fleet, one, now))],
    ['needs_restart', isFull || isUnloadStuck || needsRestart(server)],
    ['memory_late', givesBackLate(server, now)],
    ['metrics_late', areMetricsLate(server)],
  ]);
}

const isFailingAt = (fleet: Readonly<Fleet>, replica: Replica, now: Now): boolean =>
  replica.phase === 'ready' && (isFailing(replica) || failsInPart(fleet, replica, now) !== null);

const setOf = <Flag>(flags: readonly (readonly [Flag, boolean])[]): Flag[] =>
  flags.flatMap(([flag, isSet]) => (isSet ? [flag] : []));

/** The memory of one device or host, in bytes; the capacity is Infinity where there is no limit. */
export interface Memory {
  readonly capacity: Bytes;
  readonly held: Bytes;
  readonly promised: Bytes;
  readonly free: Bytes;
}

/** Tells the memory of accounts as it is now. */
export function memoryOf(fleet: Readonly<Fleet>): (account: AccountId) => Memory {
  const ledger = new Ledger(fleet);
  return (account) => {
    const { capacity, held, promised } = ledger.of(account);
    return { capacity, held, promised, free: capacity - held };
  };
}

/** Pinned models of which fewer copies are ready than are pinned. */
export function unsatisfiedPins(fleet: Readonly<Fleet>): ModelId[] {
  const unsatisfied = [...fleet.models.values()].filter(
    ({ id, pinnedCopies }) => pinnedCopies > 0 && readyCopies(fleet, id) < pinnedCopies,
  );
  return unsatisfied.map(({ id }) => id);
}

const readyCopies = (fleet: Readonly<Fleet>, model: ModelId): number =>
  routableReplicas(fleet, model)
    .filter((one) => !isReplaced(fleet, one))
    .reduce((sum, replica) => sum + copiesOf(fleet, replica), 0);

/** How many copies of each model are wanted, by its largest claim, and how many are ready. */
export function copiesPerModel(
  fleet: Readonly<Fleet>,
  now: Now,
): Map<ModelId, { readonly wanted: number; readonly ready: number }> {
  const claims = claimsOf(fleet, ranksAsked(fleet, leavingDraining(fleet, now), now));
  return new Map(
    Array.from(fleet.models.keys(), (id) => [
      id,
      { wanted: claims.get(id)?.at(-1)?.copies ?? 0, ready: readyCopies(fleet, id) },
    ]),
  );
}

/** How many loads were ordered and have not ended. */
export const loadsInFlight = (fleet: Readonly<Fleet>): number =>
  [...fleet.replicas.values()].filter((replica) => loadBegan(replica) !== null).length;

/** The memory of a host, as it is booked. It is not measured. */
export interface HostMemory extends Memory {
  readonly host: string;
  /** Where its capacity is from: the declaration of a server, or the metrics of a server without any GPU. */
  readonly basis: 'declared' | 'found';
}

/** The memory of one host; null where it has no limit. */
export function hostMemoryOf(
  fleet: Readonly<Fleet>,
  host: string,
  memory: (account: AccountId) => Memory,
): HostMemory | null {
  const account = hostAccount(host);
  const amounts = memory(account);
  if (!Number.isFinite(amounts.capacity)) return null;
  const isDeclared = ownersOf(fleet, account).some(({ server }) => server.spec.hostMemory !== null);
  return { host, ...amounts, basis: isDeclared ? 'declared' : 'found' };
}

/** The memory of each host where it has a limit. */
export function hostMemories(
  fleet: Readonly<Fleet>,
  memory: (account: AccountId) => Memory,
): readonly HostMemory[] {
  const hosts = new Set(Array.from(fleet.servers.values(), ({ spec }) => spec.host));
  return Array.from(hosts, (host) => hostMemoryOf(fleet, host, memory)).filter((one) => one !== null);
}

/**
 * What is wrong with a device. `overcommitted`: more is held than its capacity. `miscounted`: the metrics show another
 * number of GPUs than before. `unmapped`: it cannot be told which GPU of the metrics it is. `unmeasured`: the metrics
 * say nothing of it. `residue`: unloads did not give back more than a tenth of it. `closed`: see `whyClosed`.
 */
export type DeviceFlag = 'overcommitted' | 'miscounted' | 'unmapped' | 'unmeasured' | 'residue' | 'closed';

/** With more residue than this part of a device its server needs a restart. */
const RESIDUE_BOUND = 0.1;

export function deviceFlags(
  server: Server,
  device: Device,
  { capacity, held }: { readonly capacity: Bytes; readonly held: Bytes },
): DeviceFlag[] {
  const isMiscounted = (server.found?.other ?? null) !== null;
  const isBlind = device.kind === 'gpu' && device.used === null && server.looked;
  const isUnmapped = server.metricsAnswered && device.uuid === null;
  return setOf<DeviceFlag>([
    ['overcommitted', held > capacity],
    ['miscounted', isMiscounted],
    ['unmapped', isBlind && isUnmapped && !isMiscounted],
    ['unmeasured', isBlind && !isUnmapped && !isMiscounted],
    ['residue', hasResidue(server, device)],
    ['closed', closedOn(server, device) !== null],
  ]);
}

const hasResidue = (server: Server, { ordinal, capacity }: Device): boolean =>
  (server.meters.get(ordinal)?.residue ?? 0) > RESIDUE_BOUND * capacity;

/** Whether a server needs a restart for the residue on some device. */
const needsRestart = (server: Server): boolean =>
  (server.devices ?? []).some((device) => hasResidue(server, device));
