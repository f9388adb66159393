import type { Fleet, Instant, Model, ModelId, Ready, Replica } from '#core';
import { copiesOn, isReplaced, leaningOn, needsOf, type Way } from './books.js';
import { isUp } from './ways.js';

/** Which replicas may be made to leave for a newcomer, one by one and together. */

/** A newcomer, as far as it matters for what has to leave. */
export interface Newcomer {
  readonly model: Model;
  /** Whether a copy more is to stay, and no request waits for it. */
  readonly isPinned: boolean;
  /** Whether it has waited so long that the eviction budget does not count. */
  readonly isStarving: boolean;
}

/** What classes are worth. All requests here are of the highest, so that no job gives its place to another. */
const RANKS = { sheddable: 0, default: 1, critical: 2 } as const;

export const rankOf = (fleet: Fleet, { model }: Replica): number => RANKS[fleet.models.get(model)!.class];

const isKept = (fleet: Fleet, replica: Replica): boolean =>
  replica.phase === 'ready' &&
  replica.stranger &&
  fleet.servers.get(replica.server)!.spec.strangers === 'keep';

/** A request waits for it although it is ready, or it has to leave a server and is to be ready elsewhere before. */
const isAwaited = (fleet: Fleet, id: ModelId): boolean =>
  [...fleet.waiting.values()].some(({ model }) => model === id) ||
  [...fleet.replicas.values()].some(
    ({ model, phase, server }) => model === id && phase === 'ready' && fleet.servers.get(server)!.drain,
  );

/** A copy that only fails does not leave for the one that is to stand in for it. */
const isReplacedBy = (fleet: Fleet, replica: Replica, { id }: Model): boolean =>
  replica.model === id && isReplaced(fleet, replica);

/**
 * Ready and at rest; no kept stranger; past its minimum residency; not awaited. No model was asked for lately: so each is
 * worth less than one for which a request waits, also where it is in use.
 */
export function mayBeAsked(
  fleet: Fleet,
  replica: Replica,
  { model }: Newcomer,
  now: Instant,
): replica is Ready {
  if (replica.phase !== 'ready' || isKept(fleet, replica)) return false;
  const server = fleet.servers.get(replica.server)!;
  const { minResidency } = fleet.models.get(replica.model)!;
  if (!isUp(server) || now < replica.since + minResidency) return false;
  return !isAwaited(fleet, replica.model) && !isReplacedBy(fleet, replica, model);
}

/**
 * Whether these may leave as one: nothing stays that needs one of them, and as many copies stay as are pinned. Those
 * that leave already were asked before.
 */
export function mayLeaveTogether(
  fleet: Fleet,
  leaving: ReadonlySet<Replica>,
  way: Way,
  id: ModelId,
): boolean {
  return isClosed(fleet, leaving, way, id) && [...leaving].every((one) => keepsPins(fleet, one, leaving));
}

/**
 * Whether each of these may leave some time. Of a model with more copies than are pinned each may, though not all. A
 * request that waits for the last of them waits in vain. The spare ones are idle and gone soon, and then it is told.
 */
export function mayLeaveInTime(fleet: Fleet, leaving: ReadonlySet<Replica>, way: Way, id: ModelId): boolean {
  return (
    isClosed(fleet, leaving, way, id) && [...leaving].every((one) => keepsPins(fleet, one, new Set([one])))
  );
}

const isGone = ({ phase }: Replica): boolean => phase === 'draining' || phase === 'unloading';

function isClosed(fleet: Fleet, leaving: ReadonlySet<Replica>, way: Way, id: ModelId): boolean {
  const needed = new Set([id, ...needsOf(fleet, id)]);
  return [...leaving].every((replica) => {
    if (isGone(replica)) return true;
    if (replica.server === way.server.spec.id && needed.has(replica.model)) return false;
    return leaningOn(fleet, replica).every((one) => leaving.has(one));
  });
}

/** Whether as many copies of its model stay as are pinned. */
export function keepsPins(fleet: Fleet, replica: Replica, leaving: ReadonlySet<Replica>): boolean {
  const { pinnedCopies } = fleet.models.get(replica.model)!;
  if (isReplaced(fleet, replica)) return true;
  return pinnedCopies === 0 || isGone(replica) || copiesLeft(fleet, replica.model, leaving) >= pinnedCopies;
}

/** Ready copies that would stay, on servers that stay. */
function copiesLeft(fleet: Fleet, id: ModelId, leaving: ReadonlySet<Replica>): number {
  const staying = [...fleet.replicas.values()].filter((replica) => {
    const server = fleet.servers.get(replica.server)!;
    const isSolid = isUp(server) && !server.drain && replica.phase === 'ready';
    return replica.model === id && isSolid && !leaving.has(replica) && !isReplaced(fleet, replica);
  });
  return staying.reduce((sum, { devices }) => sum + copiesOn(fleet.models.get(id)!, devices), 0);
}

/**
 * What never leaves, whatever is waited for: kept strangers and pinned copies that cannot be spared, with all that they
 * need. Copies count wherever they are, also on a server that is down.
 */
export function staysForEver(fleet: Fleet): ReadonlySet<Replica> {
  const ready = [...fleet.replicas.values()].filter(({ phase }) => phase === 'ready');
  const isPinned = (replica: Replica): boolean => {
    if (isReplaced(fleet, replica)) return false;
    const model = fleet.models.get(replica.model)!;
    const others = ready.filter(
      (one) => one.model === replica.model && one !== replica && !isReplaced(fleet, one),
    );
    return others.reduce((sum, { devices }) => sum + copiesOn(model, devices), 0) < model.pinnedCopies;
  };
  const fixed = ready.filter((replica) => isKept(fleet, replica) || isPinned(replica));
  const beneath = ready.filter((one) => leaningOn(fleet, one).some((other) => fixed.includes(other)));
  return new Set<Replica>([...fixed, ...beneath]);
}

/** Whether there is no telling when it leaves: its server is lost, a request waits for it, or what needs it is not ready yet. */
export const isUntold = (fleet: Fleet, replica: Replica): boolean =>
  !isUp(fleet.servers.get(replica.server)!) ||
  isAwaited(fleet, replica.model) ||
  [replica, ...leaningOn(fleet, replica)].some(({ phase }) => phase !== 'ready');

/** Whether a replica could leave some time; not where its memory is counted as free already. */
export const mayEverLeave = (fleet: Fleet, replica: Replica): boolean =>
  !isGone(replica) && !isKept(fleet, replica);
