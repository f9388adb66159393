import { Assignment } from './assignment.js';
import { newIndex } from '../fleet/fleet-index.js';
import type { Fleet } from '../fleet/fleet.js';
import { dependenciesOf, reservationOf } from '../memory/footprint.js';
import type { ModelId } from '../fleet/ids.js';
import type { Bytes, Model } from '../fleet/model.js';
import { copiesOn } from '../memory/pins.js';

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
      }[];
    };

/** So many places are tried before pins count as not fitting. On small fleets that is more than there are. */
const PLACES_TRIED = 50_000;

/**
 * Looks for a place for every copy of every pinned model on the declared and remembered devices, reachable or not, at
 * most one copy per device. First fit decreasing comes first, with dependencies before the models that need them; where
 * it fails, all other assignments, up to the bound of tries. A yes is proven by an assignment. A no may be wrong on a
 * large fleet.
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
  const unplaced = placeGreedily(new Assignment(asPlanned), neededFirst(asPlanned, pinned));
  if (unplaced.length === 0) return { fits: true };
  const orders = ordersOf(asPlanned, pinned);
  const tries = PLACES_TRIED / orders.length;
  if (orders.some((order) => findAssignment(asPlanned, order, tries))) return { fits: true };
  return {
    fits: false,
    unplaced: unplaced.map(({ model, copies }) => ({
      model: model.id,
      copies,
      needs: bytesPerDevice(asPlanned, model),
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

/** The orders to try: the first model of each decides where a dependency of several models goes. */
const ordersOf = (fleet: Readonly<Fleet>, pinned: readonly Model[]): readonly (readonly Model[])[] => [
  neededFirst(fleet, pinned),
  ...pinned
    .filter(({ id }) => dependenciesOf(fleet, id).length > 0)
    .map((first) => neededFirst(fleet, [first, ...pinned.filter((one) => one !== first)])),
];

/** Puts each copy where there is room, the emptiest server first. Returns the copies that found no place. */
function placeGreedily(
  assignment: Assignment,
  pinned: readonly Model[],
): readonly { readonly model: Model; readonly copies: number }[] {
  for (const model of pinned) {
    for (const spot of assignment.spotsFor(model)) {
      if (assignment.missing(model) > 0) assignment.put(model, spot);
    }
  }
  return pinned
    .map((model) => ({ model, copies: assignment.missing(model) }))
    .filter(({ copies }) => copies > 0);
}

/**
 * Finds an assignment by backtracking. As a last try for each model that others depend on, its copies are left to be
 * brought by these.
 */
function findAssignment(fleet: Readonly<Fleet>, pinned: readonly Model[], tries: number): boolean {
  const assignment = new Assignment(fleet);
  const needed = new Set(pinned.flatMap(({ id }) => dependenciesOf(fleet, id)));
  let left = tries;
  const placeFrom = (index: number): boolean => {
    const model = pinned[index];
    if (!model) return pinned.every((one) => assignment.missing(one) <= 0);
    // Only the last place may hold more copies than are missing, so places with fewer copies are tried first.
    const spots = assignment
      .spotsFor(model)
      .toSorted((a, b) => copiesOn(model, a.devices) - copiesOn(model, b.devices));
    left -= spots.length;
    const placeRest = (from: number): boolean => {
      if (assignment.missing(model) <= 0) return placeFrom(index + 1);
      for (const [position, spot] of spots.entries()) {
        if (position < from) continue;
        if (left-- <= 0) return false;
        const undo = assignment.put(model, spot);
        if (undo && placeRest(position + 1)) return true;
        undo?.();
      }
      return needed.has(model.id) && placeFrom(index + 1);
    };
    return placeRest(0);
  };
  return placeFrom(0);
}

/** What a copy books on a device; where the servers that list the model have `cpu` devices only, its host memory. */
function bytesPerDevice(fleet: Readonly<Fleet>, { id, gpuBytes, hostBytes }: Model): Bytes {
  const listing = [...fleet.servers.values()].filter(({ repository }) => repository.has(id));
  const devices = listing.flatMap((server) => server.devices ?? []);
  if (devices.length === 0) return gpuBytes;
  if (devices.every(({ kind }) => kind === 'cpu')) return hostBytes;
  return Math.max(...listing.map((server) => reservationOf(fleet, server, id).bytes));
}
