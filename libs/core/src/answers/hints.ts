import type { Now } from '../numbers/now.js';
import type { Fleet, Request } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import { loadForecast } from '../learned/load-forecast.js';
import { triableAt } from '../demand/cooling.js';
import type { Job } from '../loading/job.js';
import type { Line } from '../loading/line.js';
import { madeOnce } from '../numbers/groups.js';
import { SHORT_HINT } from './verdicts.js';

/** The hints of refused requests. */
export class Hints {
  private readonly atEnd = new Map<ModelId, Instant>();

  constructor(
    private readonly fleet: Fleet,
    private readonly line: Line,
    private readonly now: Now,
  ) {}

  /**
   * In how long a request with the same wait would be promised, if its model is ready at `ready`; the time of a load where
   * no place is in sight.
   */
  for({ model, deadline, arrivedAt }: Request, ready: Instant): Millis {
    const from = ready === Infinity ? this.loadedBy(model) : ready - (deadline - arrivedAt);
    return Math.max(SHORT_HINT, from - this.now.stamp);
  }

  /**
   * When a model would be ready, by the P90, if its job joined at the end of the line, else by the job that stands in it,
   * else after its back-off; infinite where no place is in sight.
   */
  readyAtEnd(model: ModelId, job: () => Job): Instant {
    return madeOnce(this.atEnd, model, () => {
      const ready = this.line.propose({ ...job(), neededBy: Infinity }).ready.p90;
      return ready < Infinity ? ready : (this.line.of(model)?.ready.p90 ?? this.readyAfterBackOff(model));
    });
  }

  /** When a load would end (P90) that begins at once, or when the back-off of failed loads ends. */
  loadedBy(model: ModelId): Instant {
    return this.triedFrom(model) + loadForecast(this.fleet, model, null).p90;
  }

  private readyAfterBackOff(model: ModelId): Instant {
    return this.triedFrom(model) > this.now.stamp ? this.loadedBy(model) : Infinity;
  }

  private triedFrom(model: ModelId): Instant {
    const from = triableAt(this.fleet, this.line.open, model, this.now);
    return from === Infinity ? this.now.stamp : from;
  }
}
