import { type Fleet, replicasOf, replicasOn } from '../fleet.js';
import { dependenciesOf, isNeeded } from '../footprint.js';
import { type AccountId, hostAccount } from '../ids.js';
import type { Ledger } from '../ledger.js';
import type { Bytes, Instant, Millis, Model } from '../model.js';
import { isFailing } from '../observe/pulse.js';
import { copiesOf, copiesOn, solidCopies } from '../pins.js';
import { reloadsOf } from '../reloads.js';
import type { Ready } from '../replica.js';
import type { Server } from '../server.js';
import { openServers } from '../standing.js';
import { steadyCopies } from '../strain.js';
import { bestFit } from './best-fit.js';
import { coolingOn } from './cooling.js';
import { waitingFor } from './eta.js';
import type { Moving } from './freed.js';
import { isKept } from './idle.js';
import { type Place, placesOn } from './places.js';
import { maySwap } from './swaps.js';
import { covers, neededAt, residentUntil, shortfall } from './victims.js';
import { mayBeLoaded, type Want } from './wants.js';

/** What has come stays for so long at least before it is moved, so that nothing is moved round and round. */
export const REST: Millis = 60_000;

/** So many copies move at once, each between two servers that no other move is about: moves are loads nobody asked for. */
const AT_ONCE = 4;

/** So many of the smallest copies in the way are tried, so that a turn stays short in a large fleet. */
const TRIED = 16;

/** Where a copy that could be moved is looked for; the same for many places. */
export interface Search {
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly now: Instant;
  /** Those that no other move is about; none where as many copies move as may. */
  readonly servers: readonly Server[];
  /** The most that any of their devices has to spare. */
  readonly most: Bytes;
}

export function searchIn(fleet: Fleet, ledger: Ledger, now: Instant): Search {
  const taken = new Set(
    [...fleet.moves].flatMap(([from, { to }]) =>
      [from, to].flatMap((id) => fleet.replicas.get(id)?.server ?? []),
    ),
  );
  const isFull = fleet.moves.size >= AT_ONCE;
  const servers = isFull ? [] : openServers(fleet, now).filter(({ spec }) => !taken.has(spec.id));
  const accounts = servers.flatMap(({ devices }) => (devices ?? []).map(({ account }) => account));
  return { fleet, ledger, now, servers, most: Math.max(...accounts.map((one) => ledger.spare(one))) };
}

/** The smallest copy that makes room enough by its going, and fits somewhere else without anybody leaving. */
export function moveFor(search: Search, places: readonly Place[], want: Want): Moving | undefined {
  const { fleet, ledger, servers } = search;
  if (want.isExtra || servers.length < 2) return undefined;
  if ([...fleet.moves.values()].some((move) => move.for === want.model.id)) return undefined;
  const found = places.flatMap((place) =>
    servers.includes(place.server) ? inTheWay(search, place, want) : [],
  );
  for (const one of found.toSorted((a, b) => a.bytes - b.bytes).slice(0, TRIED)) {
    const place = bestFit(fleet, ledger, waysOut(search, one, want), () => 0);
    if (place) return { replica: one.replica, model: fleet.models.get(one.replica.model)!, place };
  }
  return undefined;
}

interface InTheWay {
  readonly replica: Ready;
  readonly bytes: Bytes;
  /** What its place is short of. */
  readonly short: ReadonlyMap<AccountId, Bytes>;
}

/** The copies at a place each of which is all that is in the way, and may be moved. */
function inTheWay({ fleet, ledger, now, most }: Search, place: Place, want: Want): InTheWay[] {
  const short = shortfall(ledger, place.bookings);
  const host = hostAccount(place.server.spec.host);
  // What makes up for as much fits nowhere else.
  if ([...short].some(([account, bytes]) => account !== host && bytes > most)) return [];
  const needed = neededAt(fleet, place, want);
  return replicasOn(fleet, place.server.spec.id).flatMap((replica) => {
    if (replica.phase !== 'ready' || needed.has(replica.id) || !covers([replica], short)) return [];
    const bytes = replica.bookings.reduce((sum, one) => sum + one.bytes, 0);
    return isMovable(fleet, replica, want, now) ? [{ replica, bytes, short }] : [];
  });
}

/** Where another copy could be loaded, taking nothing of what its place is short of, which two servers may share. */
const waysOut = ({ fleet, servers, now }: Search, { replica, short }: InTheWay, want: Want): Place[] =>
  servers
    .flatMap((server) => waysTo(fleet, server, replica, now))
    .filter((way) => maySwap(fleet, way, want, now))
    .filter(({ bookings }) => !bookings.some(({ account, bytes }) => bytes > 0 && short.has(account)));

/** Whether a copy may be moved for a want: it is at rest, goes alone, and its model would be missed without it. */
function isMovable(fleet: Fleet, replica: Ready, want: Want, now: Instant): boolean {
  const model = fleet.models.get(replica.model);
  if (replica.change || replica.model === want.model.id || !model?.enabled || isKept(fleet, replica))
    return false;
  if (now < movableFrom(fleet, replica)) return false;
  return isAlone(fleet, replica) && isAtRest(fleet, model) && isMissed(fleet, replica);
}

/** When a copy has been where it is for long enough to be moved. */
export const movableFrom = (fleet: Readonly<Fleet>, replica: Ready): Instant =>
  Math.max(residentUntil(fleet, replica), replica.since + REST);

const isAlone = (fleet: Fleet, replica: Ready): boolean =>
  dependenciesOf(fleet, replica.model).length === 0 && !isNeeded(fleet, replica);

/** Whether nothing is about to change for a model: it is neither asked for, nor loaded or let go, nor does it fail. */
const isAtRest = (fleet: Fleet, { id }: Model): boolean =>
  mayBeLoaded(fleet, id) &&
  !fleet.wantedSince.has(id) &&
  !fleet.foundFailing.has(id) &&
  waitingFor(fleet, id) === 0 &&
  reloadsOf(fleet, id).length === 0 &&
  replicasOf(fleet, id).every((one) => one.phase === 'ready' && !one.change && !isFailing(one));

/** A copy too many need not be moved. That also bounds what moves leave behind that came to nothing. */
const isMissed = (fleet: Fleet, replica: Ready): boolean =>
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
