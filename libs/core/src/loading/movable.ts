import { type Fleet, moveMadeFor, replicasOf } from '../fleet/fleet.js';
import { dependenciesOf, isNeeded } from '../memory/footprint.js';
import { type AccountId, hostAccount } from '../fleet/ids.js';
import { isKept, movableFrom } from '../fleet/idle-rule.js';
import { bytesIn } from '../fleet/meter.js';
import type { Ledger } from '../memory/ledger.js';
import type { Bytes, Instant, Model } from '../fleet/model.js';
import { copiesOf, copiesOn, solidCopies } from '../memory/pins.js';
import { reloadsOf } from '../memory/reloads.js';
import { isFailing, isSettled, type Ready } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { openServers } from '../fleet/standing.js';
import { steadyCopies } from '../learned/strain.js';
import { bestFit } from '../room/best-fit.js';
import { coolingOn } from '../demand/cooling.js';
import { waitingFor } from '../fleet/waiting.js';
import { gapsOn, leastOnGpu } from '../room/gaps.js';
import { type Place, placesOn, Site } from '../room/places.js';
import { openAgainAt } from '../room/swaps.js';
import { covers, neededAt, shortfall } from '../room/victims.js';
import { mayBeLoaded, type Want } from '../demand/wants.js';

/** So many copies move at once, each between two servers of no other move: no request asks for these loads. */
const MOVES_AT_ONCE = 4;

/** So many of the smallest copies in the way are tried, so that a turn stays short in a large fleet. */
const TRIED = 16;

/** A copy that could be moved, and where to. */
export interface Moving {
  readonly replica: Ready;
  readonly model: Model;
  readonly place: Place;
}

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
    const place = bestFit(fleet, ledger, ways, model);
    if (place) return { replica: one.replica, model, place };
    tried += 1;
    if (tried === TRIED) break;
  }
  return undefined;
}

interface InTheWay {
  readonly replica: Ready;
  readonly bytes: Bytes;
  /** What its place is short of. */
  readonly short: ReadonlyMap<AccountId, Bytes>;
}

/** The copies each of which is all that is in the way at a place, the smallest first. */
function inTheWay(search: MoveSearch, sites: readonly Site[], want: Want): InTheWay[] {
  const { fleet, servers, most } = search;
  const among = new Set(servers);
  const bytesOn = leastOnGpu(fleet, want.model);
  return sites
    .filter(({ server }) => among.has(server) && bytesOn(server) - gapsOn(fleet, server).most <= most)
    .flatMap(({ places }) => places.flatMap((place) => inTheWayAt(search, place, want)))
    .sort((one, other) => one.bytes - other.bytes);
}

/** The same at one place, in the order of the fleet. */
function inTheWayAt({ fleet, ledger, most }: MoveSearch, place: Place, want: Want): InTheWay[] {
  const short = shortfall(ledger, place.bookings);
  const host = hostAccount(place.server.spec.host);
  // A copy that makes up for such a shortfall fits on no other device.
  if ([...short].some(([account, bytes]) => account !== host && bytes > most)) return [];
  const [account] = short.keys();
  if (account === undefined) return [];
  const needed = neededAt(fleet, place, want);
  return ledger.holdersOf(account).flatMap((replica) => {
    const isInTheWay =
      isSettled(replica) &&
      replica.server === place.server.spec.id &&
      !needed.has(replica.id) &&
      covers([replica], short);
    return isInTheWay ? [{ replica, bytes: bytesIn(replica.bookings), short }] : [];
  });
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
