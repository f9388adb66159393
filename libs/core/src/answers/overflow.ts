import type { Now } from '../numbers/now.js';
import type { Action, Refusal } from '../fleet/actions.js';
import type { Fleet, Request } from '../fleet/fleet.js';
import type { ModelId, TenantId } from '../fleet/ids.js';
import { endWaiting, modelsAwaited, requestsFor } from '../fleet/waiting.js';
import type { Millis } from '../fleet/model.js';
import { isShed, underPressure } from '../fleet/pressure.js';
import { LOWEST_FIRST } from '../demand/rank.js';
import { readyIn } from '../loading/eta.js';
import { madeOnce } from '../numbers/groups.js';
import { refusal } from './refuse.js';
import { SHORT_HINT } from './verdicts.js';

/** A share is at least so many requests, however many tenants there are. */
const LEAST_SHARE = 4;

/**
 * Takes out requests that the queues cannot hold: each model has one, and one more is of all models. A request that has
 * just come leaves like any other that waits.
 *
 * Class goes before share: of a queue over its bound the lowest class leaves first, whatever its tenants. Within that
 * class the newest request leaves of the tenant furthest over its share; where no tenant is over it, the newest of all.
 * A share is the bound divided by the tenants that wait there. All requests of a tenant count for it, so a tenant that
 * fills a queue with a high class is the first to lose its requests of a lower one. A share is not reserved: as long as
 * there is room a tenant may have more, and gives it back when others come.
 *
 * Under pressure each bound is smaller, and new requests are shed by their class, whatever room there is.
 */
export function takeOverflow(fleet: Fleet): readonly Away[] {
  const { waiting, limits, pressure } = fleet;
  if (waiting.size === 0) return [];
  const away = [...shed(fleet)];
  const reduce = (queue: readonly Request[], most: number): void => {
    away.push(...turnAway(fleet, queue, most));
  };
  for (const model of modelsAwaited(fleet).keys()) reduce(requestsFor(fleet, model), mostFor(fleet, model));
  reduce([...waiting.values()], underPressure(pressure, limits.globalQueue));
  return away;
}

const mostFor = ({ models, defaults, pressure }: Fleet, model: ModelId): number =>
  underPressure(pressure, (models.get(model) ?? defaults).coldStart.maxQueue);

/** A refused request, and why. The hint is told by `answerOverflow`, once places are given. */
interface Away {
  readonly request: Request;
  readonly why: Omit<Refusal, 'retryAfter'>;
}

function shed(fleet: Fleet): Away[] {
  const { waiting, pressure } = fleet;
  if (pressure.level === 'none') return [];
  const away: Away[] = [];
  for (const request of waiting.values()) {
    if (!isShed(pressure, request)) continue;
    endWaiting(fleet, request.id);
    away.push({ request, why: { reason: 'queue_full', detail: 'pressure' } });
  }
  return away;
}

/** Takes out of a queue what is over its bound. `queue` is in the order of arrival. */
function turnAway(fleet: Fleet, queue: readonly Request[], most: number): Away[] {
  const away: Away[] = [];
  let size = queue.length;
  if (size <= most) return away;
  const held = new Map<TenantId, number>();
  for (const { tenant } of queue) held.set(tenant, (held.get(tenant) ?? 0) + 1);
  // A tenant alone has the whole queue.
  const share = held.size === 1 ? Infinity : Math.max(LEAST_SHARE, most / held.size);
  for (const lowest of LOWEST_FIRST) {
    const newestFirst = queue.filter((request) => request.class === lowest).reverse();
    const leavers = newestFirst.map((request) => {
      const holds = held.get(request.tenant)!;
      held.set(request.tenant, holds - 1);
      return { request, excess: Math.max(0, holds - share) };
    });
    for (const { request, excess } of leavers.sort((one, other) => other.excess - one.excess)) {
      if (size <= most) return away;
      size -= 1;
      endWaiting(fleet, request.id);
      away.push({ request, why: { reason: excess > 0 ? 'over_share' : 'queue_full' } });
    }
  }
  return away;
}

/** Refuses what `takeOverflow` took out. Since these may be thousands, a hint is worked out once for each model. */
export function answerOverflow(fleet: Fleet, away: readonly Away[], now: Now): Action[] {
  const hints = new Map<ModelId, Millis>();
  return away.map(({ request, why }) => {
    const { model } = request;
    const retryAfter = madeOnce(hints, model, () => drainTime(fleet, model, now));
    return refusal(fleet, request, { ...why, retryAfter }, now);
  });
}

/** How long until the queue of a model should be empty: until it is ready. */
const drainTime = (fleet: Readonly<Fleet>, model: ModelId, now: Now): Millis =>
  Math.max(SHORT_HINT, readyIn(fleet, model, now));
