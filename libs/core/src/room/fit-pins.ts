import { Assignment } from './assignment.js';
import { newIndex } from '../fleet/fleet-index.js';
import type { Fleet } from '../fleet/fleet.js';
import { dependenciesOf, reservationOf } from '../memory/footprint.js';
import type { ModelId } from '../fleet/ids.js';
import type { Bytes, Model } from '../fleet/model.js';
import { copiesOn } from '../memory/pins.js';

/** Whether all pins can be kept at once, and if not, which copies found no place. */
export type PinsFit =
  | { readonly fits: true }
  | {
      readonly fits: false;
      readonly unplaced: readonly {
        readonly model: ModelId;
        readonly copies: number;
        /** Bytes one copy needs on a device. */
        readonly needs: Bytes;
      }[];
    };

/** How many places are looked at before a no is believed. On small fleets it is more than there are. */
const PLACES_TRIED = 50_000;

/**
 * Looks for a place for every copy of every pinned model on the declared and remembered devices, reachable or not:
 * at most one copy per device, what others need first, then the largest (first fit decreasing); where that fails, every
 * other assignment, as far as so many tries go. What it finds is an assignment, so a yes is proven; a no may be wrong
 * on a large fleet where only a clever packing would do.
 *
 * @param models the models as they are to be, with their pins; the rest of the fleet is left out of account.
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

/** The same, but what a model needs before it: then the one that it finds there counts for both. */
function neededFirst(fleet: Readonly<Fleet>, pinned: readonly Model[]): readonly Model[] {
  const ordered = new Set<Model>();
  for (const model of pinned) {
    const needed = new Set(dependenciesOf(fleet, model.id));
    for (const one of pinned) if (needed.has(one.id)) ordered.add(one);
    ordered.add(model);
  }
  return [...ordered];
}

/** The orders to try: the first model of each decides where a dependency of several models is brought to. */
const ordersOf = (fleet: Readonly<Fleet>, pinned: readonly Model[]): readonly (readonly Model[])[] => [
  neededFirst(fleet, pinned),
  ...pinned
    .filter(({ id }) => dependenciesOf(fleet, id).length > 0)
    .map((first) => neededFirst(fleet, [first, ...pinned.filter((one) => one !== first)])),
];

/** Puts each copy where there is room, the emptiest server first; returns what found none and came with nothing. */
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
 * Tries one place after another and takes each back that leads nowhere. Copies of what others need may also be left to
 * them to bring, the last thing that is tried.
 */
function findAssignment(fleet: Readonly<Fleet>, pinned: readonly Model[], tries: number): boolean {
  const assignment = new Assignment(fleet);
  const needed = new Set(pinned.flatMap(({ id }) => dependenciesOf(fleet, id)));
  let left = tries;
  const placeFrom = (index: number): boolean => {
    const model = pinned[index];
    if (!model) return pinned.every((one) => assignment.missing(one) <= 0);
    // What holds more copies than are missing is good as the last place only: so each is tried after those with fewer.
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

/** What would be booked. Where no server that lists it has a GPU, a copy takes its host memory from the `cpu` device. */
function bytesPerDevice(fleet: Readonly<Fleet>, { id, gpuBytes, hostBytes }: Model): Bytes {
  const listing = [...fleet.servers.values()].filter(({ repository }) => repository.has(id));
  const devices = listing.flatMap((server) => server.devices ?? []);
  if (devices.length === 0) return gpuBytes;
  if (devices.every(({ kind }) => kind === 'cpu')) return hostBytes;
  return Math.max(...listing.map((server) => reservationOf(fleet, server, id).bytes));
}
