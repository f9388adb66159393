import type { Action, Refusal } from '../fleet/actions.js';
import { isHeldBack, mostHeldBack, turnBehindAll } from './backlogs.js';
import type { Fleet, Request } from '../fleet/fleet.js';
import type { ModelId, TenantId } from '../fleet/ids.js';
import type { Bytes, Instant, Millis } from '../fleet/model.js';
import { isShed, underPressure } from '../fleet/pressure.js';
import { LOWEST_FIRST } from '../demand/rank.js';
import { readyIn } from '../loading/eta.js';
import { grouped } from '../numbers/groups.js';
import { refusal } from './refuse.js';
import { SHORT_HINT } from './verdicts.js';

/** The most that waiting requests may hold of our memory. Small requests come nowhere near: their number is bounded. */
export const QUEUE_BYTES: Bytes = 64 * 2 ** 20;

/** A share is at least so many requests, however many tenants there are. */
const LEAST_SHARE = 4;

/** The bound of a queue, in number or in bytes. */
interface Bound {
  readonly most: number;
  readonly leastShare: number;
  readonly sizeOf: (request: Request) => number;
}

const inNumber = (most: number): Bound => ({ most, leastShare: LEAST_SHARE, sizeOf: () => 1 });
const inBytes = (most: Bytes): Bound => ({ most, leastShare: 0, sizeOf: ({ bytes }) => bytes });

/**
 * Takes out requests that the queues cannot hold. Each model has a queue of all its requests, and one of those held back
 * once it is ready. The queue of all models is bound in number and in bytes. A request that has just come leaves like
 * any other that waits.
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
  const reduce = (queue: readonly Request[], bound: Bound): void => {
    away.push(...turnAway(fleet, queue, bound));
  };
  for (const [model, queue] of byModel(waiting.values())) reduce(queue, inNumber(mostFor(fleet, model)));
  const held = byModel([...waiting.values()].filter((one) => isHeldBack(fleet, one)));
  for (const model of fleet.backlogs.keys())
    reduce(held.get(model) ?? [], inNumber(mostHeldBack(fleet, model)));
  reduce([...waiting.values()], inNumber(underPressure(pressure, limits.globalQueue)));
  reduce([...waiting.values()], inBytes(underPressure(pressure, QUEUE_BYTES)));
  return away;
}

const byModel = (requests: Iterable<Request>) => grouped(requests, ({ model }) => model);

const mostFor = ({ models, defaults, pressure }: Fleet, model: ModelId): number =>
  underPressure(pressure, (models.get(model) ?? defaults).coldStart.maxQueue);

/** A refused request, and why. The hint is told by `answerOverflow`, once places are given. */
interface Away {
  readonly request: Request;
  readonly why: Omit<Refusal, 'retryAfter'>;
}

function shed({ waiting, pressure }: Fleet): Away[] {
  if (pressure.level === 'none') return [];
  const away: Away[] = [];
  for (const request of waiting.values()) {
    if (!isShed(pressure, request)) continue;
    waiting.delete(request.id);
    away.push({ request, why: { reason: 'queue_full', detail: 'pressure' } });
  }
  return away;
}

/** Takes out of a queue what is over its bound. `queue` is in the order of arrival. */
function turnAway(fleet: Fleet, queue: readonly Request[], bound: Bound): Away[] {
  const away: Away[] = [];
  let size = queue.reduce((sum, request) => sum + bound.sizeOf(request), 0);
  if (size <= bound.most) return away;
  const held = holdings(queue, bound);
  // A tenant alone has the whole queue.
  const share = held.size === 1 ? Infinity : Math.max(bound.leastShare, bound.most / held.size);
  for (const lowest of LOWEST_FIRST) {
    const newestFirst = queue.filter((request) => request.class === lowest).reverse();
    const leavers = newestFirst.map((request) => {
      const holds = held.get(request.tenant)!;
      held.set(request.tenant, holds - bound.sizeOf(request));
      return { request, excess: Math.max(0, holds - share) };
    });
    for (const { request, excess } of leavers.sort((one, other) => other.excess - one.excess)) {
      if (size <= bound.most) return away;
      size -= bound.sizeOf(request);
      fleet.waiting.delete(request.id);
      away.push({ request, why: { reason: excess > 0 ? 'over_share' : 'queue_full' } });
    }
  }
  return away;
}

function holdings(queue: readonly Request[], { sizeOf }: Bound): Map<TenantId, number> {
  const held = new Map<TenantId, number>();
  for (const request of queue) held.set(request.tenant, (held.get(request.tenant) ?? 0) + sizeOf(request));
  return held;
}

/** Refuses what `takeOverflow` took out. Since these may be thousands, a hint is worked out once for each model. */
export function answerOverflow(fleet: Fleet, away: readonly Away[], now: Instant): Action[] {
  const hints = new Map<ModelId, Millis>();
  return away.map(({ request, why }) => {
    const { model } = request;
    const retryAfter = hints.get(model) ?? drainTime(fleet, model, now);
    hints.set(model, retryAfter);
    return refusal(fleet, request, { ...why, retryAfter }, now);
  });
}

/** How long until the queue of a model should be empty: until it is ready, or after all requests that are held back. */
export function drainTime(fleet: Readonly<Fleet>, model: ModelId, now: Instant): Millis {
  const behind = turnBehindAll(fleet, model);
  const servedIn = behind === null ? readyIn(fleet, model, now) : behind - now;
  return Math.max(SHORT_HINT, servedIn);
}
