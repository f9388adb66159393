import { type Fleet, replicasOf } from '../fleet/fleet.js';
import { dependenciesOf, isNeeded } from '../memory/footprint.js';
import { type AccountId, hostAccount } from '../fleet/ids.js';
import { movableFrom } from '../fleet/idle-rule.js';
import { byOrder } from '../fleet/indexes.js';
import type { Ledger } from '../memory/ledger.js';
import type { Bytes, Instant, Model } from '../fleet/model.js';
import type { Offer } from '../room/offer.js';
import { moveMadeFor } from '../fleet/moving.js';
import { copiesOf, copiesOn, solidCopies } from '../memory/pins.js';
import { reloadsOf } from '../memory/reloads.js';
import { isFailing, type Ready } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { openServers } from '../fleet/standing.js';
import { steadyCopies } from '../learned/strain.js';
import { bestFit } from '../room/best-fit.js';
import { coolingOn } from '../demand/cooling.js';
import { waitingFor } from './eta.js';
import type { Moving } from '../room/freed.js';
import { gapsOn, leastOnGpu } from '../room/gaps.js';
import { isKept } from '../demand/idle.js';
import { knownOffersOn, offersOn } from '../room/offers.js';
import { type Place, placesOn } from '../room/places.js';
import { Site } from '../room/sites.js';
import { openAgainAt } from '../room/swaps.js';
import { covers, neededAt, shortfall } from '../room/victims.js';
import { mayBeLoaded, type Want } from '../demand/wants.js';

/** So many copies move at once, each between two servers of no other move: no request asks for these loads. */
const MOVES_AT_ONCE = 4;

/** So many of the smallest copies in the way are tried, so that a turn stays short in a large fleet. */
const TRIED = 16;

/** Where a copy that could be moved is looked for; the same for many places. */
export interface MoveSearch {
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly now: Instant;
  /** Those that no other move is about; none where as many copies move as may. */
  readonly servers: readonly Server[];
  /** The most that any of their devices has to spare. */
  readonly most: Bytes;
}

export function searchIn(fleet: Fleet, ledger: Ledger, now: Instant): MoveSearch {
  const taken = new Set(
    [...fleet.moves].flatMap(([from, { to }]) =>
      [from, to].flatMap((id) => fleet.replicas.get(id)?.server ?? []),
    ),
  );
  const isFull = fleet.moves.size >= MOVES_AT_ONCE;
  const servers = isFull ? [] : openServers(fleet, now).filter(({ spec }) => !taken.has(spec.id));
  return { fleet, ledger, now, servers, most: mostToSpare(fleet, ledger, servers) };
}

/** The most that any device has to spare; what has smaller gaps than that is not asked. */
function mostToSpare(fleet: Fleet, ledger: Ledger, servers: readonly Server[]): Bytes {
  let most = -Infinity;
  for (const server of servers) {
    if (gapsOn(fleet, server).most <= most) continue;
    for (const { account } of server.devices ?? []) most = Math.max(most, ledger.spare(account));
  }
  return most;
}

/**
 * The smallest copy that makes room enough by its going, and fits somewhere else without an eviction. Where no copy may
 * be moved for a want at all no search is begun.
 */
export function moveFor(
  fleet: Fleet,
  sites: readonly Site[],
  want: Want,
  begin: () => MoveSearch,
): Moving | undefined {
  if (want.isExtra || fleet.servers.size < 2 || moveMadeFor(fleet, want.model.id)) return undefined;
  const search = begin();
  const { ledger, servers, now } = search;
  if (servers.length < 2) return undefined;
  let tried = 0;
  for (const one of inTheWay(search, sites, want)) {
    if (!isMovable(fleet, one.replica, want, now)) continue;
    const model = fleet.models.get(one.replica.model)!;
    const ways = waysOut(search, one).map((site) => site.where((place) => openAgainAt(fleet, place) <= now));
    const place = bestFit(fleet, ledger, ways, model, {
      crowdOn: () => 0,
      delayAt: () => 0,
      isLeft: () => false,
    });
    if (place) return { replica: one.replica, model, place };
    tried += 1;
    if (tried === TRIED) break;
  }
  return undefined;
}

/** How large a copy in the way is, or may be at least, and on which of the sites. */
interface Sized {
  readonly bytes: Bytes;
  readonly at: number;
}

const bySize = (one: Sized, other: Sized): number => one.bytes - other.bytes || one.at - other.at;

interface InTheWay extends Sized {
  readonly replica: Ready;
  /** What its place is short of. */
  readonly short: ReadonlyMap<AccountId, Bytes>;
}

/** The copies each of which is all that is in the way at a place, the smallest first; sites are searched as they are needed. */
function* inTheWay(search: MoveSearch, sites: readonly Site[], want: Want): Iterable<InTheWay> {
  const among = new Set(search.servers);
  const bytesOn = leastOnGpu(search.fleet, want.model);
  const smallest = ({ server }: Site): Bytes =>
    among.has(server) ? smallestOn(search, server, bytesOn(server)) : Infinity;
  const unsearched = sites
    .map((site, at) => ({ site, at, bytes: smallest(site) }))
    .filter(({ bytes }) => bytes < Infinity)
    .sort(bySize);
  const found: InTheWay[] = [];
  for (;;) {
    const [next] = unsearched;
    const [first] = found;
    if (first && (!next || bySize(first, next) < 0)) {
      yield first;
      found.shift();
    } else if (next) {
      unsearched.shift();
      found.push(...next.site.places.flatMap((place) => inTheWayAt(search, place, next.at, want)));
      found.sort(bySize);
    } else return;
  }
}

/** How small a copy may be that could be moved out of the way of so much on a server; infinity where there is none. */
function smallestOn(search: MoveSearch, server: Server, bytes: Bytes): Bytes {
  const { fleet, most } = search;
  const gaps = gapsOn(fleet, server);
  if (bytes - gaps.most > most) return Infinity;
  if (bytes <= gaps.most) return 0;
  let smallest = Infinity;
  for (const { account, gap } of gaps.gpus) {
    if (bytes - gap > most) continue;
    smallest = Math.min(smallest, smallestOf(search, knownOffersOn(fleet, account), bytes - gap));
  }
  return smallest;
}

function smallestOf({ now }: MoveSearch, offers: readonly Offer[], missing: Bytes): Bytes {
  let smallest = Infinity;
  for (const { bytes, whole, movable } of offers) {
    if (bytes >= missing && whole < smallest && movable <= now) smallest = whole;
  }
  return smallest;
}

/** The copies each of which is all that is in the way at one place, in the order of the fleet. */
function inTheWayAt({ fleet, ledger, most }: MoveSearch, place: Place, at: number, want: Want): InTheWay[] {
  const short = shortfall(ledger, place.bookings);
  const host = hostAccount(place.server.spec.host);
  // A copy that makes up for such a shortfall fits on no other device.
  if ([...short].some(([account, bytes]) => account !== host && bytes > most)) return [];
  const needed = neededAt(fleet, place, want);
  return holdersOf(fleet, place.server, short).flatMap(({ replica, whole }) =>
    needed.has(replica.id) || !covers([replica], short) ? [] : [{ replica, bytes: whole, at, short }],
  );
}

/** What rests on a server and holds as much as a place there is short of, in the order of the fleet. */
function holdersOf(fleet: Fleet, server: Server, short: ReadonlyMap<AccountId, Bytes>): readonly Offer[] {
  const [[account, missing] = [undefined, 0]] = short;
  if (account === undefined) return [];
  const found = offersOn(fleet, account).filter(
    ({ replica, bytes }) => replica.server === server.spec.id && bytes >= missing,
  );
  const isFirst = byOrder(fleet);
  return found.sort((one, other) => isFirst(one.replica, other.replica));
}

/** Where another copy could be loaded, taking nothing of what its place is short of, which two servers may share. */
const waysOut = ({ fleet, servers, now }: MoveSearch, { replica, short }: InTheWay): Site[] =>
  servers.map(
    (server) =>
      new Site(server, () =>
        waysTo(fleet, server, replica, now).filter(
          ({ bookings }) => !bookings.some(({ account, bytes }) => bytes > 0 && short.has(account)),
        ),
      ),
  );

/** Whether a copy may be moved for a want: it is at rest, goes alone, and its model would be missed without it. */
function isMovable(fleet: Fleet, replica: Ready, want: Want, now: Instant): boolean {
  const model = fleet.models.get(replica.model);
  if (replica.change || replica.model === want.model.id || !model?.enabled || isKept(fleet, replica))
    return false;
  if (now < movableFrom(fleet, replica)) return false;
  return isAlone(fleet, replica) && isModelAtRest(fleet, model) && isNoneTooMany(fleet, replica);
}

const isAlone = (fleet: Fleet, replica: Ready): boolean =>
  dependenciesOf(fleet, replica.model).length === 0 && !isNeeded(fleet, replica);

/** Whether nothing is about to change for a model: it is neither asked for, nor loaded or let go, nor does it fail. */
const isModelAtRest = (fleet: Fleet, { id }: Model): boolean =>
  mayBeLoaded(fleet, id) &&
  !fleet.wantedSince.has(id) &&
  !fleet.foundFailing.has(id) &&
  waitingFor(fleet, id) === 0 &&
  reloadsOf(fleet, id).length === 0 &&
  replicasOf(fleet, id).every((one) => one.phase === 'ready' && !one.change && !isFailing(one));

/** A copy too many need not be moved. That also bounds what moves leave behind that came to nothing. */
const isNoneTooMany = (fleet: Fleet, replica: Ready): boolean =>
  solidCopies(fleet, replica.model, new Set([replica.id])) < Math.max(1, steadyCopies(fleet, replica.model));

/** The places on another server that would be as good for a copy as its own: as many copies, spread as before. */
function waysTo(fleet: Fleet, server: Server, replica: Ready, now: Instant): Place[] {
  const model = fleet.models.get(replica.model)!;
  const own = fleet.servers.get(replica.server)!;
  const isSpreadAlike =
    model.spread === null || server.spec.labels[model.spread] === own.spec.labels[model.spread];
  if (server === own || !isSpreadAlike || coolingOn(fleet, server, model.id, now)) return [];
  const copies = copiesOf(fleet, replica);
  return placesOn(fleet, server, model).filter(
    ({ brings, devices }) => brings.length === 0 && copiesOn(model, devices) >= copies,
  );
}
