import { Now } from '../numbers/now.js';
import { type Fleet, forget, replicasOn, standingModels, unsettled } from '../fleet/fleet.js';
import type { Booking, Placed, Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { standingCopies, toReplace } from '../memory/pins.js';
import { dependenciesOf, dependentsOf } from '../memory/footprint.js';
import { type ModelId, replicaId } from '../fleet/ids.js';
import { Ledger } from '../memory/ledger.js';
import { copiesByDemand } from '../learned/utilisation.js';
import { isBroken } from '../demand/cooling.js';
import { isGoing, mayCome } from '../room/places.js';
import { keepFrom } from './cancel-drains.js';
import { mayBeLoaded } from '../demand/wants.js';
import { modelsAwaited } from '../fleet/waiting.js';

/**
 * Gives up places on servers that take nothing new. It also gives up those of models that are not to come there any
 * more, or have just failed too often elsewhere. Models that are still wanted are placed anew.
 */
export function dropInvalidPlaces(fleet: Fleet, open: readonly Server[], now: Now): void {
  dropWhere(fleet, ({ server: id, model }) => {
    const server = fleet.servers.get(id);
    return !server || !open.includes(server) || !mayCome(fleet, server, model) || isBroken(fleet, model, now);
  });
}

/**
 * Gives up places whose memory will not come: an unload is stuck, a stranger took what was promised, a limit was lowered. Says
 * whether there were any.
 */
export function dropOverdrawn(fleet: Fleet, open: readonly Server[], now: Now): boolean {
  const ledger = new Ledger(fleet, now);
  const isOverdrawn = ({ account, bytes }: Booking): boolean => bytes > 0 && ledger.spare(account) < 0;
  if (!dropWhere(fleet, (replica) => replica.bookings.some(isOverdrawn))) return false;
  dropInvalidPlaces(fleet, open, now);
  return true;
}

/**
 * Gives up places that are not wanted any more, neither for themselves nor for what is held or wanted beside them; says
 * whether there were any. What drains for them stays.
 */
export function dropUnwanted(fleet: Fleet, now: Now): boolean {
  let wanted: ReadonlySet<ModelId> | undefined;
  const isWanted = ({ phase, model }: Replica): boolean =>
    phase !== 'placed' || (wanted ??= wantedModels(fleet)).has(model);
  return dropWhere(
    fleet,
    (replica) => !isWanted(replica) && !dependentsOf(fleet, replica).some(isWanted),
    (replica) => keepFrom(fleet, replica, now),
  );
}

/** Drops placed replicas, and says whether there were any. */
function dropWhere(
  fleet: Fleet,
  isDropped: (replica: Placed) => boolean,
  andThen: (replica: Placed) => void = () => {},
): boolean {
  const promised = unsettled(fleet).filter((one) => one.phase === 'placed');
  if (promised.length === 0) return false;
  const dropped = promised.filter(isDropped);
  for (const replica of dropped) forget(fleet, replica);
  for (const replica of dropped) andThen(replica);
  return dropIncomplete(fleet, promised) || dropped.length > 0;
}

/** Of two ensembles that share a step one brings it: when that one goes so does the step, and the other with it. */
function dropIncomplete(fleet: Fleet, promised: readonly Replica[]): boolean {
  const incomplete = promised.flatMap(({ id }) => {
    const replica = fleet.replicas.get(id);
    return replica?.phase === 'placed' && isIncomplete(fleet, replica) ? [replica] : [];
  });
  if (incomplete.length === 0) return false;
  for (const replica of incomplete) forget(fleet, replica);
  dropIncomplete(fleet, promised);
  return true;
}

/** Whether what was to bring it, or what it needs, is not there and does not come. */
const isIncomplete = (fleet: Fleet, replica: Placed): boolean =>
  isOrphan(fleet, replica) || lacksNeeds(fleet, replica);

const lacksNeeds = (fleet: Fleet, { model, server }: Placed): boolean =>
  dependenciesOf(fleet, model).some((id) => {
    const needed = fleet.replicas.get(replicaId(id, server));
    return !needed || isGoing(needed);
  });

const isOrphan = (fleet: Fleet, { coLoadedBy }: Placed): boolean =>
  coLoadedBy !== null && fleet.replicas.get(coLoadedBy)?.phase !== 'placed';

/** The models that are wanted for themselves. */
function wantedModels(fleet: Fleet): ReadonlySet<ModelId> {
  const wanted = new Set<ModelId>();
  for (const id of [...steadyModels(fleet), ...askedModels(fleet), ...drainedModels(fleet)]) {
    if (fleet.models.get(id)?.enabled && mayBeLoaded(fleet, id)) wanted.add(id);
  }
  return wanted;
}

/** The models that are wanted without waiting requests: pinned, kept warm, or of one copy more by demand. */
function steadyModels(fleet: Fleet): ModelId[] {
  const steady: ModelId[] = [];
  for (const model of standingModels(fleet)) if (standingCopies(model) > 0) steady.push(model.id);
  for (const id of fleet.utilisations.keys()) if (copiesByDemand(fleet, id) > 0) steady.push(id);
  return steady;
}

const askedModels = (fleet: Fleet): ModelId[] => [
  ...modelsAwaited(fleet).keys(),
  ...fleet.bestEffort.keys(),
  ...Array.from(fleet.reloads.values(), ({ model }) => model),
  ...toReplace(fleet, new Now(-Infinity)),
];

const drainedModels = (fleet: Fleet): ModelId[] =>
  [...fleet.servers.values()]
    .filter(({ drain }) => drain !== null)
    .flatMap(({ spec }) => replicasOn(fleet, spec.id))
    .flatMap(({ phase, model }) => (phase === 'ready' ? [model] : []));
