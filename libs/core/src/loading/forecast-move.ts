import { type Fleet, moveMadeFor } from '../fleet/fleet.js';
import type { ReplicaId } from '../fleet/ids.js';
import { loadForecast, restOfLoad } from '../learned/load-forecast.js';
import { isNeeded } from '../memory/footprint.js';
import {
  isGuaranteed,
  isPinProtected,
  servingReplicas,
  solidCopies,
  standingCopies,
} from '../memory/pins.js';
import type { Instant } from '../fleet/model.js';
import type { Ready } from '../fleet/replica.js';
import type { Moving } from './movable.js';
import { growthsOn, type Place, placesOn } from '../room/places.js';
import { covers, neededAt, shortfall } from '../room/victims.js';
import { SOON } from '../learned/closing.js';
import { waitingFor } from '../fleet/waiting.js';
import type { Job } from './job.js';
import { type JobForecast, type Schedule, startingAt } from './schedule.js';

/**
 * The forecast of a job for which a copy is moved: another copy of that model is loaded where memory is free, then the one
 * in the way drains, once the job's device is open. The move is the one under way; or `begin`, which is not. Undefined where
 * there is none.
 */
export function forecastMove(schedule: Schedule, job: Job, begin?: Moving): JobForecast | undefined {
  const { fleet, now } = schedule;
  const replica = begin?.replica ?? movedFor(fleet, job);
  const place = replica && placeOf(schedule, job, replica);
  if (!replica || !place) return undefined;
  const copied = begin
    ? now + loadForecast(fleet, begin.model.id, begin.place.server.spec.id).p50
    : copiedBy(fleet, job, now);
  const from = Math.max(copied, schedule.swapAt(place), schedule.memory.opensAt(place.bookings));
  const load = schedule.loadOf(job, place);
  const freed = schedule.freedBy(replica, from);
  const start = schedule.startOn(place.server, place.devices, freed, load);
  return startingAt(job, load, start, {
    place,
    victims: [replica],
    isSwap: true,
    move: begin ?? null,
    placeAt: from,
    roomAt: now,
  });
}

function movedFor(fleet: Readonly<Fleet>, { model }: Job): Ready | undefined {
  const [id, move] = moveMadeFor(fleet, model) ?? [];
  const replica = id && fleet.replicas.get(id);
  if (!move || replica?.phase !== 'ready') return undefined;
  const isCopied = fleet.replicas.get(move.to)?.phase === 'ready';
  return isCopied && !mayBeLetGo(fleet, replica, move.to) ? undefined : replica;
}

/** When the other copy serves: never now as long as it does not, also where its load is overdue. */
function copiedBy(fleet: Readonly<Fleet>, { model }: Job, now: Instant): Instant {
  const copy = fleet.replicas.get(moveMadeFor(fleet, model)![1].to);
  return copy && copy.phase !== 'ready' ? now + Math.max(SOON, restOfLoad(fleet, copy, now).p50) : now;
}

/** The place that is free once a replica has left, and not before. */
function placeOf({ fleet, ledger }: Schedule, { want }: Job, replica: Ready): Place | undefined {
  const server = fleet.servers.get(replica.server)!;
  const ways = [...placesOn(fleet, server, want!.model), ...growthsOn(fleet, server, want!.model)];
  return ways.find((one) => {
    const short = shortfall(ledger, one.bookings);
    return short.size > 0 && covers([replica], short) && !neededAt(fleet, one, want!).has(replica.id);
  });
}

/** Whether its model stays as warm without it as it is to be: the new copy serves, and no pin nor `copies.min` lacks it. */
function mayBeLetGo(fleet: Readonly<Fleet>, replica: Ready, to: ReplicaId): boolean {
  const { model } = replica;
  if (replica.change || isNeeded(fleet, replica) || waitingFor(fleet, model) > 0) return false;
  if (isPinProtected(fleet, replica) || isGuaranteed(fleet, replica)) return false;
  const stay = solidCopies(fleet, model, new Set([replica.id]));
  return (
    stay >= Math.max(1, standingCopies(fleet.models.get(model))) &&
    servingReplicas(fleet, model).some((one) => one.id === to)
  );
}
