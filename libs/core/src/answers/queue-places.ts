import { placesWithin, standsAfter } from './backlogs.js';
import type { Fleet, Request } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import { expectedThroughput } from './throughput.js';
import { inOrderOfRelease } from './hold-back.js';

/** The places of repeated requests in the queue of a model, worked out once for each kind of request. */
export class QueuePlaces {
  private readonly known = new Map<string, number>();

  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly now: Instant,
  ) {}

  /** How many waiting requests would get routes before this one, if it came now and waited as long as it may. */
  before(request: Request): number {
    const { model, class: rank, tenant } = request;
    const kind = [model, rank, tenant].join(' ');
    const known = this.known.get(kind) ?? this.count(request);
    this.known.set(kind, known);
    return known;
  }

  private count(request: Request): number {
    const { fleet, now } = this;
    const { model } = request;
    const { maxWait } = (fleet.models.get(model) ?? fleet.defaults).coldStart;
    const again = { ...request, arrivedAt: now, deadline: now + maxWait };
    const others = [...fleet.waiting.values()].filter((one) => one.model === model);
    return inOrderOfRelease([...others, again], this.servedByDeadline(model)).indexOf(again);
  }

  /** How many requests are served before the queue stands, once the model is ready. */
  private servedByDeadline(model: ModelId): number {
    const throughput = expectedThroughput(this.fleet, model);
    return throughput ? placesWithin(throughput, standsAfter(this.fleet, model)) : Infinity;
  }
}
