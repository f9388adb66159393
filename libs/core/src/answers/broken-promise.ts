import type { PromiseCause, Refusal } from '../fleet/actions.js';
import { type Fleet, replicasOf, type Request, unsettled } from '../fleet/fleet.js';
import { modelsAwaited } from '../fleet/waiting.js';
import type { Instant } from '../fleet/model.js';
import { standingOf } from '../fleet/standing.js';
import { guaranteedCopies } from '../memory/pins.js';
import { rankOf } from '../demand/rank.js';
import { hasOverrun } from '../learned/load-forecast.js';

/** The reasons of a refusal that also tell why a promise was broken. */
const BY_REASON: Partial<Record<Refusal['reason'], PromiseCause>> = {
  load_failed: 'load_failed',
  cooling_down: 'load_failed',
  no_server: 'server',
  queue_full: 'queue',
  over_share: 'queue',
  shutting_down: 'restart',
  no_leader: 'restart',
  store_unavailable: 'restart',
  disabled: 'operator',
  infeasible: 'operator',
  unknown_model: 'operator',
  unknown_version: 'operator',
};

/** Why the promise to a refused request was broken; null where it had none. */
export function brokenBy(
  fleet: Readonly<Fleet>,
  request: Request,
  { reason }: Refusal,
  now: Instant,
): PromiseCause | 'unknown' | null {
  if (fleet.promises.get(request.id) == null) return null;
  return BY_REASON[reason] ?? delayOf(fleet, request, now);
}

function delayOf(fleet: Readonly<Fleet>, request: Request, now: Instant): PromiseCause | 'unknown' {
  const { model, arrivedAt } = request;
  if (fleet.frozen) return 'operator';
  const failed = [...fleet.cooldowns.values()].some((one) => one.model === model && one.at >= arrivedAt);
  if (failed) return 'load_failed';
  if (fleet.lateLoadAt >= arrivedAt || isAnyOverrun(fleet, now)) return 'load_late';
  if (fleet.lateMemoryAt >= arrivedAt) return 'memory_late';
  return pushedBackBy(fleet, request, now);
}

/** The cause of a delay by what goes before the request and did not when it was promised. */
function pushedBackBy(fleet: Readonly<Fleet>, request: Request, now: Instant): PromiseCause | 'unknown' {
  const servers = [...fleet.servers.values()];
  if (servers.some((server) => standingOf(server, now) !== 'ready')) return 'server';
  if (isOutranked(fleet, request)) return 'outranked';
  if (servers.some(({ drain }) => drain !== null) || isAnyOrdered(fleet, request)) return 'operator';
  const isPlaced = replicasOf(fleet, request.model).some(({ phase }) => phase === 'placed');
  return isPlaced ? 'memory_late' : 'unknown';
}

/** Whether the operator's word has given others a place since where the model could be loaded, or one is to be given. */
function isAnyOrdered(fleet: Readonly<Fleet>, { model, arrivedAt }: Request): boolean {
  for (const { orderedPlaceAt, repository } of fleet.servers.values())
    if (orderedPlaceAt >= arrivedAt && repository.has(model)) return true;
  return [...fleet.wantedSince].some(([id, since]) => {
    const wanted = fleet.models.get(id);
    if ((wanted?.pinnedCopies ?? 0) > 0) return true;
    return since >= arrivedAt && (guaranteedCopies(wanted) > 0 || fleet.wishes.get(id)?.admin === true);
  });
}

/** Whether a load under way has passed its P90: the jobs behind it wait. */
const isAnyOverrun = (fleet: Readonly<Fleet>, now: Instant): boolean =>
  unsettled(fleet).some((one) => hasOverrun(fleet, one, now));

const isOutranked = (fleet: Readonly<Fleet>, { class: own, model }: Request): boolean =>
  [...modelsAwaited(fleet)].some(
    ([other, classes]) => other !== model && [...classes].some((one) => rankOf(one) > rankOf(own)),
  );
