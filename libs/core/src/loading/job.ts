import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOf, type Request, unsettled } from '../fleet/fleet.js';
import type { ModelId, TenantId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import type { Placed } from '../fleet/replica.js';
import { Reasons } from './load-order.js';
import { isCoLoaded } from '../fleet/standing.js';
import { overShare } from '../learned/shares.js';
import { demandKey, worthOf } from '../learned/worth.js';
import { PINNED, type Rank } from '../demand/rank.js';
import { hasStarved, isOrderedByOperator, isOfDrain, bandOf, type Want } from '../demand/wants.js';
import { leavingDraining } from '../demand/claims.js';
import { failedAt, failedEverywhereAt, standsBack } from '../demand/retries.js';
import { requestsFor } from '../fleet/waiting.js';
import { madeOnce } from '../numbers/groups.js';

/** A load that is going to happen, from when it is wanted until it begins. */
export interface Job {
  readonly model: ModelId;
  /** Why it is wanted; null of one that has its place. */
  readonly want: Want | null;
  /** The replica that has its place and waits for memory or a slot; null before. */
  readonly placed: Placed | null;
  readonly rank: Rank;
  /** What goes before what, whatever requests wait: see `bandOf`. */
  readonly band: number;
  /**
   * How much it is asked for where a draining server is to be rid of it: see `demandKey`. 0 of all other jobs.
   */
  readonly demand: number;
  /** Until when its model is warm on a draining server, and no request waits: nothing has to leave for it before. Else -Infinity. */
  readonly warmUntil: Instant;
  /** Whether the operator orders it: then it is not judged by its worth. */
  readonly isOrdered: boolean;
  /** Whether it repeats a failed load wherever it may go, and stands behind what has not failed: see `standsBack`. */
  readonly isRetry: boolean;
  /** Whether the tenants that wait for it have had more than their part of the load slots. */
  readonly isOverShare: boolean;
  /** The earliest deadline of its promised requests; infinite where none is promised. */
  readonly neededBy: Instant;
  readonly waiting: Waiting;
  readonly since: Instant;
  /** What it spares by being warm: see `worthOf`. */
  readonly worth: number;
  /** From when on no copy in use is worth too much for it: once it starves, or has waited for as long with a promise. */
  readonly starvesFrom: Instant;
  /** When it will starve, if it is the oldest model that is asked for without being served; infinite for the others. */
  readonly starvesAt: Instant;
  readonly isStarving: boolean;
}

/** The requests that wait for one model. */
export interface Waiting {
  readonly count: number;
  /** Since when the first of them has waited. */
  readonly since: Instant;
  readonly neededBy: Instant;
  readonly tenants: Tenants;
}

/** Tenants in sets, a larger one before a smaller one: one tenant more is cheap, however many there are. */
type Tenants = readonly ReadonlySet<TenantId>[];

function withTenants(all: Tenants, more: ReadonlySet<TenantId>): Tenants {
  const last = all.at(-1);
  if (!last || last.size > more.size) return [...all, more];
  return withTenants(all.slice(0, -1), new Set([...last, ...more]));
}

/** The requests that wait for a model. One that was not judged yet waits for nothing. */
function judgedFor(fleet: Readonly<Fleet>, model: ModelId): Waiting {
  const tenants = new Set<TenantId>();
  let [count, since, neededBy] = [0, Infinity, Infinity];
  for (const { id, arrivedAt, deadline, tenant } of requestsFor(fleet, model)) {
    const promise = fleet.promises.get(id);
    if (promise === undefined) continue;
    count += 1;
    since = Math.min(since, arrivedAt);
    if (promise !== null) neededBy = Math.min(neededBy, deadline);
    tenants.add(tenant);
  }
  return { count, since, neededBy, tenants: count > 0 ? [tenants] : [] };
}

/** A refused request leaves best-effort demand: it goes after every job for which a request waits. */
const BEST_EFFORT = 2 * PINNED;

/** Makes jobs of what is wanted, and of what has its place. */
export class Jobs {
  private readonly waiting = new Map<ModelId, Waiting>();
  private readonly leaving: ReadonlySet<ModelId>;
  private readonly isOver: (tenant: TenantId) => boolean;
  private readonly oldest: Want | undefined;

  constructor(
    private readonly fleet: Readonly<Fleet>,
    wants: readonly Want[],
    private readonly now: Now,
  ) {
    this.leaving = new Set(leavingDraining(fleet, now));
    this.isOver = overShare(fleet, now);
    this.oldest = oldestOf(wants);
  }

  waitingFor = (model: ModelId): Waiting => madeOnce(this.waiting, model, () => judgedFor(this.fleet, model));

  /** The job of a want for which these requests wait. */
  of(want: Want, waiting: Waiting = this.waitingFor(want.model.id)): Job {
    const { fleet } = this;
    const id = want.model.id;
    const starvesAt =
      this.oldest?.model.id === id ? this.oldest.waitsSince + fleet.limits.starvation : Infinity;
    const isBestEffort = want.isAsked && waiting.count === 0 && !hasStarved(fleet, want.waitsSince, this.now);
    const band = isBestEffort ? BEST_EFFORT - want.rank : bandOf(id, want, this.leaving);
    return {
      model: id,
      want,
      placed: null,
      rank: want.rank,
      band,
      demand: this.demandOf(band, [id]),
      warmUntil: this.warmUntil(id, band, waiting),
      isOrdered: want.rank === PINNED || !want.isAsked || isOrderedByOperator(fleet, want.model, want),
      isRetry: this.isRetry([id], failedEverywhereAt(fleet, id), want.waitsSince),
      isOverShare: areOver(waiting, this.isOver),
      neededBy: waiting.neededBy,
      waiting,
      since: want.since,
      worth: worthOf(fleet, id, this.now),
      starvesFrom: Math.min(starvesAt, this.promisedFrom(id)),
      starvesAt,
      isStarving: this.now.has(starvesAt),
    };
  }

  private promisedFrom(id: ModelId): Instant {
    const { neededBy, since } = this.waitingFor(id);
    return neededBy < Infinity ? since + this.fleet.limits.starvation : Infinity;
  }

  /** The jobs that have their places. */
  placed(): Job[] {
    const { fleet, now } = this;
    const replicas = unsettled(fleet).filter(
      (one): one is Placed => one.phase === 'placed' && !isCoLoaded(one),
    );
    if (replicas.length === 0) return [];
    const reasons = new Reasons(fleet, now);
    return replicas.map((replica) => this.ofPlaced(replica, reasons));
  }

  private ofPlaced(replica: Placed, reasons: Reasons): Job {
    const { models, band, isOrdered: isOperators } = reasons.for(replica);
    const all = models.map(this.waitingFor);
    const waiting = all.reduce(together);
    const server = this.fleet.servers.get(replica.server)!;
    return {
      model: replica.model,
      want: null,
      placed: replica,
      rank: Math.min(PINNED, Math.max(0, -band)),
      band,
      demand: this.demandOf(band, models),
      warmUntil: -Infinity,
      isOrdered: isOperators,
      isRetry: this.isRetry(models, failedAt(this.fleet, server, replica.model), replica.since),
      isOverShare: areOver(waiting, this.isOver),
      neededBy: waiting.neededBy,
      waiting,
      // As long as requests have waited it keeps its turn: behind others it would have no place beside its own memory.
      since: Math.min(replica.since, this.fleet.awaitedSince.get(replica.model) ?? Infinity),
      worth: 0,
      starvesFrom: Infinity,
      starvesAt: Infinity,
      isStarving: false,
    };
  }

  private readonly isRetry = (models: readonly ModelId[], failed: Instant, since: Instant): boolean =>
    models.every((model) => standsBack(this.fleet, model, { failed, since }, this.now));

  /** Of several models that one load is for the one that is asked for most counts. */
  private demandOf(band: number, models: readonly ModelId[]): number {
    return isOfDrain(band) ? Math.max(...models.map((model) => demandKey(this.fleet, model))) : 0;
  }

  private warmUntil(model: ModelId, band: number, { count }: Waiting): Instant {
    return isOfDrain(band) && count === 0 ? drainsUntil(this.fleet, model) : -Infinity;
  }
}

/** The latest deadline of the draining servers on which a model is ready; infinite where one of them has none. */
function drainsUntil(fleet: Readonly<Fleet>, model: ModelId): Instant {
  const deadlines = replicasOf(fleet, model).flatMap(({ phase, server }) => {
    const drain = fleet.servers.get(server)?.drain;
    return phase === 'ready' && drain ? [drain.deadline ?? Infinity] : [];
  });
  return Math.max(-Infinity, ...deadlines);
}

/** Whether tenants wait, and all of them have had more than their part. */
export function areOver({ tenants }: Waiting, isOver: (tenant: TenantId) => boolean): boolean {
  for (const some of tenants) for (const one of some) if (!isOver(one)) return false;
  return tenants.length > 0;
}

const together = (one: Waiting, other: Waiting): Waiting => ({
  count: one.count + other.count,
  since: Math.min(one.since, other.since),
  neededBy: Math.min(one.neededBy, other.neededBy),
  tenants: other.tenants.reduce(withTenants, one.tenants),
});

/** Of the models that are asked for the one that has waited longest: when it starves it ignores what its victims are worth. */
function oldestOf(wants: readonly Want[]): Want | undefined {
  let oldest: Want | undefined;
  for (const want of wants) {
    if (want.isAsked && !want.isExtra && (!oldest || want.waitsSince < oldest.waitsSince)) oldest = want;
  }
  return oldest;
}

/** Whether all that is forecast of one job holds for the other, too. */
export const isAlike = (one: Job, other: Job | undefined): boolean =>
  other !== undefined &&
  areEqual(one, other, ['want', 'waiting', 'isOverShare']) &&
  areEqual(one.want ?? {}, other.want ?? {}) &&
  areEqual(one.waiting, other.waiting, ['tenants']);

function areEqual<Of extends object>(one: Of, other: Of, besides: readonly (keyof Of)[] = []): boolean {
  return (Object.keys(one) as (keyof Of)[]).every((key) => besides.includes(key) || one[key] === other[key]);
}

/** The requests of a model with one more. */
export const withOne = (
  waiting: Waiting,
  { tenant, arrivedAt }: Pick<Request, 'tenant' | 'arrivedAt'>,
  neededBy: Instant,
): Waiting => together(waiting, { count: 1, since: arrivedAt, neededBy, tenants: [new Set([tenant])] });
