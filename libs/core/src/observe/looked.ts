import type { Now } from '../numbers/now.js';
import type { EventOf } from '../fleet/events.js';
import { type Fleet, noteRoutesOn, replicasOn } from '../fleet/fleet.js';
import type { Server } from '../fleet/server.js';
import { type ModelId, replicaId } from '../fleet/ids.js';
import { resetMeters } from '../fleet/meter.js';
import { countsByModel, type IndexRow, type Look, type ServingRow, sightingOf } from '../looks/look.js';
import { readAnew } from '../fleet/indexes.js';
import { isEnsemble } from '../memory/footprint.js';
import { noteLimitViolation } from '../memory/limits.js';
import type { Instant, Millis } from '../fleet/model.js';
import { appendTo } from '../numbers/groups.js';
import { answered } from './contact.js';
import { discover, forgetReplica, forgetVanished } from './declared.js';
import { findDevices } from './devices.js';
import { measure } from './measure.js';
import { readPulses } from './pulse.js';
import { type Listing, listingOf } from '../looks/listing.js';
import { keepPromised } from './servers.js';
import { sighted } from './sighted.js';
import { readUtilisation } from './utilisation.js';

/** Takes up what a look at a server says. */
export function looked(fleet: Fleet, { server: id, look }: EventOf<'Looked'>, now: Now): void {
  const server = fleet.servers.get(id);
  if (!server) return;
  server.looking = null;
  server.anyEndedAt = now.stamp;
  server.lookTook = durationOf(server, look);
  if (isStale(server, look)) return;
  if (look.mode) server.mode = look.mode;
  if (look.serverVersion) server.version = look.serverVersion;
  answered(fleet, server);
  if (look.index) takeIndex(fleet, server, look, look.index, now);
  else findDevices(fleet, server, look);
  const counts = countsByModel(look.serving);
  readPulses(fleet, server, look, counts, now);
  readUtilisation(fleet, server, look.begunAt, counts, now);
  server.statisticsAt = look.begunAt;
  measure(fleet, server, look, now);
  for (const model of server.measured.keys()) noteLimitViolation(fleet, model, now);
}

/** Index and statistics have a deadline of 5 s each: a look that took longer was held up by Berth itself. */
const MAX_LOOK: Millis = 10_000;

const durationOf = ({ lookTook }: Server, { begunAt, endedAt }: Look): Millis =>
  endedAt - begunAt <= MAX_LOOK ? endedAt - begunAt : lookTook;

/** A look that began before the present connection, or before a look that was taken, may tell of what is gone. */
const isStale = ({ contact, looksCountFrom, statisticsAt }: Server, { begunAt }: Look): boolean =>
  contact.kind === 'connecting' ||
  (contact.kind === 'up' ? begunAt < looksCountFrom : begunAt <= looksCountFrom) ||
  begunAt < (statisticsAt ?? -Infinity);

function takeIndex(fleet: Fleet, server: Server, look: Look, index: readonly IndexRow[], now: Now): void {
  const before = server.repository;
  const there = replicasOn(fleet, server.spec.id).filter(({ phase }) => phase !== 'placed');
  const booked = new Set(there.map(({ model }) => model));
  const listing = listingOf(index, before, booked);
  if (isNewIncarnation(fleet, server, listing, look.begunAt)) beginIncarnation(fleet, server, now);
  server.fullEndedAt = now.stamp;
  server.versioned = listing.versioned;
  server.repository = withRowsLost(fleet, server, listing.names);
  server.hasEnsemble = [...fleet.composed].some((id) => isEnsemble(fleet, id) && server.repository.has(id));
  server.refused = false;
  server.everSeen = true;
  if (!server.looked) noteRoutesOn(fleet, server.spec.id);
  server.looked = true;
  findDevices(fleet, server, look);
  if (server.repository !== before) discover(fleet, server);
  bookWhatIsSeen(fleet, server, look, listing, now);
  server.lookedAt = look.begunAt;
  countLook(server, look.begunAt);
  keepPromised(fleet, server);
  const { id } = server.spec;
  for (const [model, state] of server.described)
    if (!server.configs.has(model) || state === 'asked') readAnew(fleet, { model, server: id });
  server.hidden = server.hidden.filter(({ until }) => !now.has(until));
  forgetVanished(fleet);
}

/** Two looks that count as the first two of a term begin so far apart. */
const LOOKS_APART: Millis = 1_000;

/** An order that the leader before had sent shows in the second look, if not in the first. */
function countLook(server: Server, begunAt: Instant): void {
  if (server.secondLookFrom === null) return;
  if (begunAt >= server.secondLookFrom) {
    server.secondLookFrom = null;
    return;
  }
  server.secondLookFrom = Math.min(server.secondLookFrom, begunAt + LOOKS_APART);
  server.lookWanted = Math.max(server.lookWanted ?? -Infinity, server.secondLookFrom);
}

/**
 * Triton drops the row of a model whose load found no version directory, and does not list it again when the files
 * arrive, although a load would then succeed. So the model stays listed while that failure is remembered.
 */
function withRowsLost(
  fleet: Fleet,
  { spec, repository }: Server,
  names: ReadonlySet<ModelId>,
): ReadonlySet<ModelId> {
  if (names === repository) return names;
  const lost = [...repository].filter(
    (model) => !names.has(model) && fleet.cooldowns.get(replicaId(model, spec.id))?.cause === 'missing',
  );
  return lost.length === 0 ? names : new Set([...names, ...lost]);
}

/**
 * Compares each model that is listed as loaded, serves, or is booked with what the look says of it. New models come
 * first, before the loads end that may have brought them up.
 */
function bookWhatIsSeen(
  fleet: Fleet,
  server: Server,
  { serving: seen, begunAt }: Look,
  { rows }: Listing,
  now: Now,
): void {
  const booked = new Set(replicasOn(fleet, server.spec.id).map(({ model }) => model));
  const serving = new Map<ModelId, ServingRow[]>();
  for (const row of seen) appendTo(serving, row.model, row);
  const found = [...rows.keys(), ...serving.keys()].filter((model) => !booked.has(model));
  for (const model of new Set([...found, ...booked])) {
    const sighting = sightingOf(rows.get(model) ?? [], serving.get(model) ?? []);
    sighted(fleet, server, model, { sighting, begunAt, now });
  }
}

/**
 * A process of Triton forgets no version: where a model that had one is untouched again, the process is another one. So
 * it is where an attempt to connect was refused in between. The row of an ensemble becomes untouched when its load fails:
 * ensembles, models that may be ensembles under a load of ours, and rows that never got past LOADING prove nothing.
 */
function isNewIncarnation(
  fleet: Fleet,
  server: Server,
  { names, touched }: Listing,
  begunAt: Instant,
): boolean {
  if (server.incarnation === 0 || (!server.looked && server.refused)) return true;
  const ready = replicasOn(fleet, server.spec.id).filter(
    ({ phase, since }) => phase === 'ready' && since < begunAt,
  );
  return [...server.versioned, ...ready.map(({ model }) => model)].some(
    (model) => names.has(model) && !touched.has(model) && !mayBecomeEnsemble(fleet, server, model),
  );
}

function mayBecomeEnsemble(fleet: Fleet, server: Server, model: ModelId): boolean {
  const steps = fleet.steps.get(model);
  if (steps) return steps.length > 0;
  const replica = fleet.replicas.get(replicaId(model, server.spec.id));
  return replica?.phase === 'loading' || (replica?.phase === 'unknown' && replica.after !== 'found');
}

/** All that the old process held is gone; what is only placed stays. */
function beginIncarnation(fleet: Fleet, server: Server, now: Now): void {
  server.incarnation += 1;
  if (server.incarnation === 1) return;
  server.configs.clear();
  server.described.clear();
  server.ordered.clear();
  server.undone.clear();
  server.hidden = [];
  for (const replica of replicasOn(fleet, server.spec.id)) {
    if (replica.phase === 'placed') continue;
    const { model, phase } = replica;
    if (phase === 'ready') fleet.lastUnloads.set(model, { at: now.stamp, cause: 'lost', makesRoomFor: null });
    forgetReplica(fleet, replica);
  }
  resetMeters(fleet, server);
}
