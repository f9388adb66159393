import type { ActionOf, Class, ModelId, Request, TenantId } from '#core';
import { isForPressure, underPressure } from './pressure.js';
import type { TurnCheck, TurnScene } from './scene.js';

const RANKS: Readonly<Record<Class, number>> = { sheddable: 0, default: 1, critical: 2 };
const LEAST_SHARE = 4;

/** A queue with its bound. */
interface Queue {
  readonly name: string;
  readonly holds: (request: Request) => boolean;
  readonly most: number;
}

const anybody = (): boolean => true;

/** How many may wait for one model and for all. */
function boundsOf({ fleet: { limits, models, defaults }, history: { pressure } }: Bounded) {
  const under = (bound: number): number => underPressure(pressure, bound);
  return {
    ofModel: (model: ModelId) => under((models.get(model) ?? defaults).coldStart.maxQueue),
    ofAll: under(limits.globalQueue),
  };
}

type Bounded = Pick<TurnScene, 'fleet' | 'history'>;

function queuesOf(scene: TurnScene, { model }: Pick<Request, 'model'>): Queue[] {
  const most = boundsOf(scene);
  const ofModel = (request: Request): boolean => request.model === model;
  return [
    { name: `for ${model}`, holds: ofModel, most: most.ofModel(model) },
    { name: 'for all', holds: anybody, most: most.ofAll },
  ];
}

/** No more wait than may: for one model and for all. */
export const queuesStayBounded: TurnCheck = (scene) => {
  const { trail } = scene;
  const { waiting } = scene.fleet;
  const most = boundsOf(scene);
  trail.expect(waiting.size <= most.ofAll, () => `${waiting.size} wait, ${most.ofAll} may`);
  const queued = new Map<ModelId, number>();
  for (const { model } of waiting.values()) queued.set(model, (queued.get(model) ?? 0) + 1);
  for (const [model, count] of queued) {
    const mayWait = most.ofModel(model);
    trail.expect(count <= mayWait, () => `${count} wait for ${model}, ${mayWait} may`);
  }
};

/** A request refused for a full queue, with all that left the queues in that turn after they were looked at, or may have. */
interface TurnedAway {
  readonly request: Request;
  readonly reason: string;
  readonly gone: readonly Request[];
}

/**
 * A request refused for a full queue stood in one that was full. No request of a lower class stays in that queue. Nor
 * does one of the same class whose tenant is further over its share, or a later one of the same tenant. `over_share` is
 * told only to a tenant over its own share.
 */
export const fullQueuesAreFair: TurnCheck = (scene) => {
  const { turn, fleet, before, history, trail } = scene;
  const refusals = turn.actions.filter((action) => action.kind === 'refuse');
  if (!refusals.some(isForFullness)) return;
  // What goes to a copy that was leaving may have waited until the refusals let that copy stay.
  const returned = turn.actions
    .filter((action) => action.kind === 'grant')
    .filter(({ replica }) => before.get(replica)?.phase === 'draining');
  const gone = [...refusals, ...returned].flatMap(({ request }) => history.pending.get(request) ?? []);
  const away = refusals
    .filter(isForFullness)
    .flatMap(({ request: id, refusal: { reason } }): TurnedAway[] => {
      const request = history.pending.get(id);
      return request ? [{ request, reason, gone }] : [];
    });
  for (const one of firstOfEachKind(away)) {
    const { request, reason } = one;
    const wrongs = queuesOf(scene, request).map((queue) => wrongIn(queue, one, [...fleet.waiting.values()]));
    trail.expect(
      wrongs.includes(undefined),
      () => `${request.id} was told ${reason}, but ${wrongs.join('; ')}`,
    );
  }
};

/** A flood is hundreds of requests that are alike: what holds for the first of them holds for all. */
function firstOfEachKind(away: readonly TurnedAway[]): Iterable<TurnedAway> {
  const latestFirst = away.toSorted((one, other) => other.request.arrivedAt - one.request.arrivedAt);
  const kindOf = ({ request, reason }: TurnedAway): string =>
    [request.model, request.class, request.tenant, reason].join();
  return new Map(latestFirst.map((one) => [kindOf(one), one])).values();
}

const isForFullness = (action: ActionOf<'refuse'>): boolean =>
  ['queue_full', 'over_share'].includes(action.refusal.reason) &&
  action.broken !== 'share' &&
  !isForPressure(action);

/** Why a request was not refused for this queue; undefined where it may have been. */
function wrongIn(queue: Queue, one: TurnedAway, waiting: readonly Request[]): string | undefined {
  const { request, gone } = one;
  if (!queue.holds(request)) return `it was not ${queue.name}`;
  const stay = waiting.filter(queue.holds);
  if (stay.length + gone.filter(queue.holds).length <= queue.most) return `${queue.name} there is room`;
  const lower = stay.find(({ class: rank }) => RANKS[rank] < RANKS[request.class]);
  if (lower) return `${lower.id} of a lower class waits ${queue.name}`;
  const newer = stay.find((other) => isAlike(other, request) && other.arrivedAt > request.arrivedAt);
  return newer ? `${newer.id} came later and waits ${queue.name}` : wrongByShare(queue, one, stay);
}

const isAlike = (one: Request, other: Request): boolean =>
  one.class === other.class && one.tenant === other.tenant;

/**
 * Of the others that left, only the core knows which had gone before the queue was looked at. So
 * shares and what tenants had are bounded from both sides.
 */
function wrongByShare(
  queue: Queue,
  { request, reason, gone }: TurnedAway,
  stay: readonly Request[],
): string | undefined {
  const all = [...stay, ...gone.filter(queue.holds)];
  const [shareAtLeast, shareAtMost] = [shareOf(queue, all), shareOf(queue, [...stay, request])];
  const had = (some: readonly Request[], who: TenantId): number =>
    some.filter(({ tenant }) => tenant === who).length;
  const hadAtMost = had(all, request.tenant);
  const isOver = reason === 'over_share';
  if (isOver && hadAtMost <= shareAtLeast) return `${queue.name} its tenant was within its share`;
  if (!isOver && had([...stay, request], request.tenant) > shareAtMost)
    return `${queue.name} its tenant was over its share`;
  const further = stay.find((other) => {
    const has = had(stay, other.tenant);
    return other.class === request.class && has > shareAtMost && has > hadAtMost;
  });
  return further && `${queue.name} ${further.tenant} is further over its share`;
}

/** A tenant alone in a queue shares it with no other. */
function shareOf({ most }: Queue, some: readonly Request[]): number {
  const tenants = new Set(some.map(({ tenant }) => tenant)).size;
  return tenants === 1 ? Infinity : Math.max(LEAST_SHARE, most / tenants);
}
