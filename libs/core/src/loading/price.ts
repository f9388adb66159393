import { askedLately, calming } from '../learned/demand.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import { bytesToLoad, loadForecast } from '../learned/load-forecast.js';
import type { Instant, Millis, Model } from '../fleet/model.js';
import { standingCopies } from '../memory/pins.js';
import { reloadsOf } from '../memory/reloads.js';
import { labelsMatch, type Server } from '../fleet/server.js';
import { areSlotsScarce, PLENTY, slotsTaken } from './slot-use.js';
import { timesItsPart } from './spending.js';
import { hasStarved, starvesSince } from '../demand/starving.js';
import type { Want } from '../demand/wants.js';

/** From where slots are scarce the price rises with each one that is taken, */
const SLOPE = 24;
/** and no higher: where all are asked for alike they take turns. */
const HIGHEST_PRICE = 3;
/** A waiting request is served by the load itself, a later one only while the copy stays: a few seconds, then. */
const WAITING = 8;
/** So many loaded copies tell what the others are asked for. */
const SAMPLE = 256;

/**
 * What a load has to be worth while load slots are scarce. Each load takes a slot from another, and memory from a warm
 * copy, which serves no request while it changes hands. So a model is loaded only where it is asked for enough, in
 * requests of the last minute for each byte, be they served or refused:
 *
 *     (asked lately + 8 * calming * waiting) per byte >= price * the median over what is loaded of what was asked lately per byte
 *     price = 24 * (share of the slots taken lately * times its part - 0.57), from 0 to 3
 *
 * Waiting requests tell what is asked for now, the others what was asked for in the last minute. `calming` is how many
 * times as much that was. So a storm that is over keeps no request from its model, and one that begins is seen at once.
 *
 * The slots are those of the servers that could load it. "Times its part" is what the tenant has paid for loads lately,
 * by what each would have paid if all had paid alike. A tenant that takes less than others pays less, whatever these
 * flood with. Of the tenants with requests waiting for one model, the one that pays least counts.
 *
 * What is only wished for waits until slots are not scarce. What the operator wants is loaded whatever it costs. So are
 * critical models and requests, and models that have starved or will before a waiting request's time is up. So are
 * models with an admitted request: that is not sent away by a price that has risen since.
 */
export class Price {
  private readonly paid = new Map<ModelId, boolean>();
  private readonly areScarce: boolean;
  private crowd: Crowd | undefined;
  private median: number | undefined;
  /** As how many requests each waiting one counts. */
  private readonly whoWaits: number;

  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly open: readonly Server[],
    private readonly now: Instant,
  ) {
    this.areScarce = areSlotsScarce(fleet, now);
    this.whoWaits = WAITING * calming(fleet, now);
  }

  /** Whether a place may be given for this. */
  isWorth({ model, isAsked, isExtra }: Want): boolean {
    return !isAsked || isExtra || this.isPaid(model.id);
  }

  /** Whether a model that callers ask for is worth its load. */
  isPaid(id: ModelId): boolean {
    if (!this.areScarce) return true;
    let paid = this.paid.get(id);
    if (paid === undefined) this.paid.set(id, (paid = this.isFree(id) || this.isAskedEnough(id)));
    return paid;
  }

  /** What the load of a model costs one more request for it; null where that is nothing. */
  forOneMore(id: ModelId): LoadCost | null {
    if (!this.areScarce || this.isFree(id)) return null;
    const { count = 0, parts = AS_ALL } = this.waits.asking.get(id) ?? {};
    const needed = this.needed(id, { parts });
    const asked = this.asked(id, count + 1) + 1;
    const startsIn = asked >= needed ? 0 : this.starvesWaitingIn(id);
    return { slotsTaken: this.takenFor(id), asked, needed, startsIn };
  }

  /** Whether it is loaded whatever it costs, or there are slots enough. */
  private isFree(id: ModelId): boolean {
    const model = this.fleet.models.get(id);
    if (!model || model.class === 'critical' || isOrdered(this.fleet, model)) return true;
    if (hasStarved(this.fleet, starvesSince(this.fleet, id, this.now), this.now)) return true;
    return this.waits.promised.has(id) || this.takenFor(id) <= PLENTY;
  }

  private isAskedEnough(id: ModelId): boolean {
    const asking = this.waits.asking.get(id);
    if (!asking) return false;
    return this.asked(id, asking.count) >= this.needed(id, asking) || this.starvesInTime(id, asking);
  }

  /** How often it was asked for, with so many waiting requests. */
  private asked(id: ModelId, waiting: number): number {
    return askedLately(this.fleet, id, this.now) + this.whoWaits * waiting;
  }

  /** Whether the model will have starved by when its load has to begin to meet the latest deadline. */
  private starvesInTime(id: ModelId, { latest }: WaitingForModel): boolean {
    return this.now + this.starvesWaitingIn(id) + loadForecast(this.fleet, id, null).p50 <= latest;
  }

  /** How long until it has starved for a waiting request, even one that waits only from now on. */
  private starvesWaitingIn(id: ModelId): Millis {
    const { wantedSince, awaitedSince, limits } = this.fleet;
    const since = Math.max(wantedSince.get(id) ?? this.now, awaitedSince.get(id) ?? this.now);
    return since + limits.starvation - this.now;
  }

  private needed(id: ModelId, { parts }: Pick<WaitingForModel, 'parts'>): number {
    const price = Math.min(HIGHEST_PRICE, SLOPE * (Math.min(...parts) * this.takenFor(id) - PLENTY));
    this.median ??= medianOf(this.fleet, this.now);
    return Math.max(0, price) * this.median * bytesToLoad(this.fleet, id, undefined);
  }

  private takenFor(id: ModelId): number {
    const model = this.fleet.models.get(id);
    const able = this.open.filter((one) => one.repository.has(id) && model && labelsMatch(one, model));
    return slotsTaken(this.fleet, able, this.now);
  }

  private get waits(): Crowd {
    return (this.crowd ??= crowdIn(this.fleet, this.now));
  }
}

/** Whether the operator wants it: it is pinned, kept warm, ordered by an admin, or to be loaded anew. */
const isOrdered = (fleet: Readonly<Fleet>, model: Model): boolean =>
  standingCopies(model) > 0 ||
  fleet.wishes.get(model.id)?.admin === true ||
  reloadsOf(fleet, model.id).length > 0;

/** In requests of about the last minute, waiting ones counting more. */
export interface LoadCost {
  readonly slotsTaken: number;
  readonly asked: number;
  readonly needed: number;
  /** How long a request has to wait until the model is loaded all the same. */
  readonly startsIn: Millis;
}

/** The part of a tenant that has paid as much as all others. */
const AS_ALL: ReadonlySet<number> = new Set([1]);

/** The requests that wait for one model. */
interface WaitingForModel {
  readonly count: number;
  /** The latest of their deadlines. */
  readonly latest: Instant;
  /** How many times as much as its part each of their tenants has paid. */
  readonly parts: ReadonlySet<number>;
}

/** The waiting requests, gone over once. */
interface Crowd {
  readonly asking: ReadonlyMap<ModelId, WaitingForModel>;
  /** The models that a critical or an admitted request waits for. */
  readonly promised: ReadonlySet<ModelId>;
}

function crowdIn(fleet: Readonly<Fleet>, now: Instant): Crowd {
  const asking = new Map<ModelId, WaitingForModel & { readonly parts: Set<number> }>();
  const promised = new Set<ModelId>();
  const partOf = timesItsPart(fleet, now);
  for (const { id, model, deadline, tenant, class: of } of fleet.waiting.values()) {
    const { count = 0, latest = deadline, parts = new Set<number>() } = asking.get(model) ?? {};
    parts.add(partOf(tenant));
    asking.set(model, { count: count + 1, latest: Math.max(latest, deadline), parts });
    if (of === 'critical' || fleet.letIn.has(id)) promised.add(model);
  }
  return { asking, promised };
}

/** Requests of the last minute per byte: the median over loaded copies that were ever asked for, or over some of these, evenly. */
function medianOf(fleet: Readonly<Fleet>, now: Instant): number {
  const every = Math.ceil(fleet.replicas.size / SAMPLE);
  const found: number[] = [];
  let nth = 0;
  for (const { model, phase } of fleet.replicas.values()) {
    if (nth++ % every > 0 || phase !== 'ready' || !fleet.asks.has(model)) continue;
    const bytes = fleet.holders.get(model)!.size * bytesToLoad(fleet, model, undefined);
    if (bytes > 0) found.push(askedLately(fleet, model, now) / bytes);
  }
  found.sort((one, other) => one - other);
  return found[Math.floor(found.length / 2)] ?? 0;
}
