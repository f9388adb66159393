import type { Fleet, Request } from '../fleet/fleet.js';
import type { ModelId, TenantId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';

/** A load whose waiting requests and wishes are to be counted. */
export interface Question {
  /** Its own model, and those for which it is loaded: a request for any of these waits for this load. */
  readonly models: readonly ModelId[];
  /** How long it should take (its P50), which is more than nothing. */
  readonly cost: Millis;
}

/** A refusal after which the model is loaded all the same (a wish) counts as this part of a waiting request. */
const WISH_WEIGHT = 0.25;

/** The waiting requests and the wishes for what one load brings. */
export class Askers {
  /** How many requests wait, and a quarter for a wish. */
  weight = 0;
  /** Since when the oldest request has waited; where there is none, the oldest wish. */
  oldest: Instant;
  /** The earliest deadline before which the load can still end; infinity where none can be met. */
  deadline: Instant = Infinity;
  readonly tenants = new Set<TenantId>();
  private readonly readyAt: Instant;

  constructor({ cost }: Question, now: Instant) {
    this.oldest = now;
    this.readyAt = now + cost;
  }

  wait({ tenant, arrivedAt, deadline }: Request): void {
    this.weight += 1;
    this.oldest = Math.min(this.oldest, arrivedAt);
    if (deadline >= this.readyAt) this.deadline = Math.min(this.deadline, deadline);
    this.tenants.add(tenant);
  }

  /** Called after the waiting requests: the age of a wish counts only where there are none. */
  wish(since: Instant): void {
    if (this.tenants.size === 0) this.oldest = Math.min(this.oldest, since);
    this.weight += WISH_WEIGHT;
  }
}

/** The waiting requests and wishes for each of several loads, found in one walk over the waiting requests. */
export function askersOf(fleet: Readonly<Fleet>, questions: readonly Question[], now: Instant): Askers[] {
  const askers = questions.map((one) => new Askers(one, now));
  const about = new Map<ModelId, Askers[]>();
  for (const [at, { models }] of questions.entries()) {
    for (const model of models) about.set(model, [...(about.get(model) ?? []), askers[at]!]);
  }
  for (const request of fleet.waiting.values()) {
    for (const one of about.get(request.model) ?? NO_ASKERS) one.wait(request);
  }
  for (const [model, { since }] of fleet.wishes) {
    for (const one of about.get(model) ?? NO_ASKERS) one.wish(since);
  }
  return askers;
}

const NO_ASKERS: readonly Askers[] = [];
