import { Assignment } from './assignment.js';
import { newIndex } from '../fleet/fleet-index.js';
import type { Fleet } from '../fleet/fleet.js';
import { dependenciesOf, reservationOf } from '../memory/footprint.js';
import type { ModelId, ReplicaId } from '../fleet/ids.js';
import type { Bytes, Model } from '../fleet/model.js';

/** Whether all pins fit at once, and if not, which copies found no place. */
export type PinsFit =
  | { readonly fits: true }
  | {
      readonly fits: false;
      readonly unplaced: readonly {
        readonly model: ModelId;
        readonly copies: number;
        /** The bytes that a copy needs on a device. */
        readonly needs: Bytes;
        /** The smallest pinned copy that stands where there would be room without it; null where no single one does. */
        readonly inTheWay: ReplicaId | null;
      }[];
    };

/**
 * Looks for a place for every copy of every pinned model on the declared and remembered devices, reachable or not, at
 * most one copy per device. The pinned copies that stand, or come, stay where they are; the others are placed beside
 * them by first fit decreasing, with dependencies before the models that need them. A yes is proven by an assignment. A
 * no may be wrong: another packing might fit.
 *
 * @param models the models as they are to be, with their pins; all other models are left out of account.
 */
export function fitPins(fleet: Readonly<Fleet>, models: Iterable<Model>): PinsFit {
  const planned = [...models];
  const asPlanned = {
    ...fleet,
    models: new Map([...fleet.models, ...planned.map((one) => [one.id, one] as const)]),
    index: newIndex(),
  };
  const pinned = planned
    .filter(({ pinnedCopies, enabled }) => pinnedCopies > 0 && enabled)
    .toSorted((a, b) => b.gpuBytes - a.gpuBytes || b.hostBytes - a.hostBytes);
  const assignment = new Assignment(asPlanned);
  const ordered = neededFirst(asPlanned, pinned);
  for (const model of ordered) assignment.putWhereItStands(model);
  for (const model of ordered) placeGreedily(assignment, model);
  const unplaced = ordered.filter((model) => assignment.missing(model) > 0);
  if (unplaced.length === 0) return { fits: true };
  return {
    fits: false,
    unplaced: unplaced.map((model) => ({
      model: model.id,
      copies: assignment.missing(model),
      needs: bytesPerDevice(asPlanned, model),
      inTheWay: assignment.inTheWayOf(model),
    })),
  };
}

/** The same models, each after those that it depends on: a copy placed for a pin then serves both. */
function neededFirst(fleet: Readonly<Fleet>, pinned: readonly Model[]): readonly Model[] {
  const ordered = new Set<Model>();
  for (const model of pinned) {
    const needed = new Set(dependenciesOf(fleet, model.id));
    for (const one of pinned) if (needed.has(one.id)) ordered.add(one);
    ordered.add(model);
  }
  return [...ordered];
}

/** Puts each copy where there is room, the fullest server first. */
function placeGreedily(assignment: Assignment, model: Model): void {
  for (const spot of assignment.spotsFor(model)) {
    if (assignment.missing(model) > 0) assignment.put(model, spot);
  }
}

/** What a copy books on a device; where the servers that list the model have `cpu` devices only, its host memory. */
function bytesPerDevice(fleet: Readonly<Fleet>, { id, gpuBytes, hostBytes }: Model): Bytes {
  const listing = [...fleet.servers.values()].filter(({ repository }) => repository.has(id));
  const devices = listing.flatMap((server) => server.devices ?? []);
  if (devices.length === 0) return gpuBytes;
  if (devices.every(({ kind }) => kind === 'cpu')) return hostBytes;
  return Math.max(...listing.map((server) => reservationOf(fleet, server, id).bytes));
}
