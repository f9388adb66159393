import type { Now } from '../numbers/now.js';
import { Assignment } from './assignment.js';
import type { Place, Site } from './places.js';
import { sitesFor } from './sites.js';
import { newIndex } from '../fleet/fleet-index.js';
import { type Fleet, standingModels } from '../fleet/fleet.js';
import { dependenciesOf, reservationOf } from '../memory/footprint.js';
import type { ModelId, ReplicaId } from '../fleet/ids.js';
import type { Bytes, Model } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import { PINNED } from '../demand/rank.js';
import type { Want } from '../demand/wants.js';

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
 * most one copy per device (`assigned`). A yes is proven by an assignment, which stays until all are met. A no may be
 * wrong: another packing might fit.
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
  const ordered = largestFirst(asPlanned, planned);
  const assignment = assigned(asPlanned, ordered);
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

/**
 * The places of pinned copies. Those that stand, or come, stay where they are. What lacks has the place that was kept for
 * it, also where its server cannot be reached or has just failed to load it; the rest get theirs beside these.
 */
function assigned(fleet: Readonly<Fleet>, ordered: readonly Model[]): Assignment {
  const assignment = new Assignment(fleet);
  for (const isPlaced of [false, true])
    for (const model of ordered) assignment.putWhereItStands(model, isPlaced);
  for (const model of ordered) assignment.putWhereItIsKept(model);
  for (const model of ordered) assignment.placeGreedily(model);
  return assignment;
}

/** The places of all pins, as they are declared. */
const pinRoom = (fleet: Readonly<Fleet>): Assignment =>
  assigned(fleet, largestFirst(fleet, standingModels(fleet)));

/** Keeps a place for each copy that a pin lacks, as it was found when the pin was accepted, until it gets that or another. */
export function reservePins(fleet: Fleet, wants: readonly Want[]): void {
  const isAny = wants.some(({ rank }) => rank === PINNED);
  fleet.pinPlaces = isAny ? pinRoom(fleet).reserved : new Map();
}

/** The sites for wants; for a copy that a pin lacks those places alone that no other pin needs. */
export class SitesBesidePins {
  private pins: Assignment | undefined;

  constructor(
    private readonly fleet: Fleet,
    private readonly open: readonly Server[],
    private readonly now: Now,
  ) {}

  for(want: Want): Site[] {
    const sites = sitesFor(this.fleet, want, this.open, this.now);
    return want.rank === PINNED
      ? sites.map((site) => site.where((place) => this.allows(want, place)))
      : sites;
  }

  /** Whether a place is kept for no pin of another copy. Only what a pin lacks has to ask. */
  allows = ({ model, rank }: Want, place: Place): boolean =>
    rank !== PINNED || this.known.allows(model, place);

  /** A place that a pin is to get is for none behind it. */
  take = ({ model }: Want, place: Place): void => this.known.add(model, place);

  private get known(): Assignment {
    return (this.pins ??= pinRoom(this.fleet));
  }
}

/** The pinned ones, the largest first, and each after those that it depends on: a copy placed for a pin then serves both. */
function largestFirst(fleet: Readonly<Fleet>, models: readonly Model[]): readonly Model[] {
  const pinned = models
    .filter(({ pinnedCopies, enabled }) => pinnedCopies > 0 && enabled)
    .toSorted((a, b) => b.gpuBytes - a.gpuBytes || b.hostBytes - a.hostBytes);
  const ordered = new Set<Model>();
  for (const model of pinned) {
    const needed = new Set(dependenciesOf(fleet, model.id));
    for (const one of pinned) if (needed.has(one.id)) ordered.add(one);
    ordered.add(model);
  }
  return [...ordered];
}

/** What a copy books on a device; where the servers that list the model have `cpu` devices only, its host memory. */
function bytesPerDevice(fleet: Readonly<Fleet>, { id, gpuBytes, hostBytes }: Model): Bytes {
  const listing = [...fleet.servers.values()].filter(({ repository }) => repository.has(id));
  const devices = listing.flatMap((server) => server.devices ?? []);
  if (devices.length === 0) return gpuBytes;
  if (devices.every(({ kind }) => kind === 'cpu')) return hostBytes;
  return Math.max(...listing.map((server) => reservationOf(fleet, server, id).bytes));
}
