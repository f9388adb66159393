import { PINNED } from '../demand/rank.js';
import type { AccountId, ModelId, ReplicaId } from '../fleet/ids.js';
import { foreignOn } from '../fleet/meter.js';
import type { Bytes, Instant } from '../fleet/model.js';
import type { Device, Server } from '../fleet/server.js';
import { opensAt } from '../learned/closing.js';
import type { Place } from '../room/places.js';
import { openAgainAt } from '../room/evictions.js';
import type { Scene, WhyHolder } from './scene.js';

/** What would come of a load at one place now. */
export type PlaceVerdict =
  /** There is room, now or once the copies that are leaving have left. */
  | 'room'
  /** There is room once its victims have left. */
  | 'room_by_eviction'
  /** There would be room by eviction, but the evictions that its devices may have in a minute are spent. */
  | 'swaps_spent'
  /**
   * There is room, now or by eviction, once its devices are open again. Of a whole server: it takes no loads, since it does
   * not stand, drains, or has overdue loads in all its slots.
   */
  | 'closed'
  /** The place is kept for another copy that a pin lacks. */
  | 'kept_for_pin'
  /** The copies that may leave now would not free enough. */
  | 'no_room';

/** One way to load a model on a server. */
export interface WhyPlace {
  readonly devices: readonly number[];
  /** The models that would be loaded with it. */
  readonly coLoaded: readonly ModelId[];
  readonly verdict: PlaceVerdict;
  /** When its devices have an eviction left, or should be open, again: by the verdict. Null: there is no telling, or nothing to wait for. */
  readonly until: Instant | null;
  readonly accounts: readonly WhyAccount[];
  /** The replicas whose leaving would free enough; null where none would. */
  readonly victims: readonly ReplicaId[] | null;
}

/** The memory of one account in which a place books. */
interface WhyAccount extends WhyMemory {
  readonly needs: Bytes;
}

/** The memory of one account, and the replicas that hold it where it is short. All in bytes. */
export interface WhyMemory {
  readonly account: AccountId;
  /** What would be booked there; null where no place books there. */
  readonly needs: Bytes | null;
  readonly capacity: Bytes;
  readonly held: Bytes;
  readonly promised: Bytes;
  readonly leaving: Bytes;
  readonly free: Bytes;
  readonly spare: Bytes;
  /** `foreign` and `residue` are not part of the capacity. Null: not known yet. */
  readonly foreign: Bytes | null;
  readonly residue: Bytes;
  /** The largest first. */
  readonly holders: readonly WhyHolder[];
}

/** Judges one place. */
export function whyPlace(scene: Scene, place: Place): WhyPlace {
  const { devices, coLoaded, bookings } = place;
  const victims = scene.victimsAt(place);
  return {
    devices,
    coLoaded,
    ...judgePlace(scene, place, victims),
    victims,
    accounts: bookings.map(({ account, bytes }) => whyMemory(scene, place.server, account, bytes)),
  };
}

type PlaceJudgement = Pick<WhyPlace, 'verdict' | 'until'>;

function judgePlace(scene: Scene, place: Place, victims: readonly ReplicaId[] | null): PlaceJudgement {
  const { fleet, job, now } = scene;
  if (victims === null) return { verdict: 'no_room', until: null };
  if (!scene.sites.allows(scene.want, place)) return { verdict: 'kept_for_pin', until: null };
  const evictsAt = openAgainAt(fleet, place);
  if (victims.length > 0 && job.rank !== PINNED && !job.isStarving && !now.has(evictsAt))
    return { verdict: 'swaps_spent', until: evictsAt };
  const opens = opensAtPlace(scene, place, victims.length > 0);
  if (!now.has(opens)) return { verdict: 'closed', until: opens < Infinity ? opens : null };
  return { verdict: victims.length > 0 ? 'room_by_eviction' : 'room', until: null };
}

/** When the closed devices of a place should be open: no copy leaves there before, and a load gets only what is free all the same. */
function opensAtPlace(
  { fleet, ledger, now }: Scene,
  { server, bookings }: Place,
  isEvicting: boolean,
): Instant {
  const isHeldUp = ({ account }: Device): boolean =>
    bookings.some((one) => one.account === account && one.bytes > (isEvicting ? 0 : ledger.free(account)));
  const closed = (server.devices ?? []).filter(isHeldUp);
  return Math.max(-Infinity, ...closed.map((device) => opensAt(fleet, server, device, now)));
}

/** The memory of one account, of which a place would book so much; null: nothing. */
export function whyMemory<Needs extends Bytes | null>(
  scene: Scene,
  server: Server,
  account: AccountId,
  needs: Needs,
): WhyMemory & { readonly needs: Needs } {
  const { ledger } = scene;
  const spare = ledger.spare(account);
  const { capacity, held, promised, leaving } = ledger.of(account);
  const device = server.devices?.find((one) => one.kind === 'gpu' && one.account === account);
  return {
    account,
    needs,
    capacity,
    held,
    promised,
    leaving,
    free: ledger.free(account),
    spare,
    foreign: device ? foreignOn(server, device.ordinal) : null,
    residue: (device && server.meters.get(device.ordinal)?.residue) ?? 0,
    holders: (needs ?? 0) > spare ? scene.holdersOf(account) : [],
  };
}

const BEST_FIRST: readonly PlaceVerdict[] = [
  'room',
  'room_by_eviction',
  'closed',
  'swaps_spent',
  'kept_for_pin',
  'no_room',
];

/** The one that would be taken; null where there is none. */
export const bestPlace = (places: readonly WhyPlace[]): WhyPlace | null =>
  places.toSorted(
    (a, b) =>
      BEST_FIRST.indexOf(a.verdict) - BEST_FIRST.indexOf(b.verdict) || endsAt(a.until) - endsAt(b.until),
  )[0] ?? null;

const endsAt = (until: Instant | null): Instant => until ?? Number.MAX_VALUE;
