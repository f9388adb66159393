import type { Request } from '../fleet/fleet.js';
import type { Instant } from '../fleet/model.js';
import type { JobForecast } from '../loading/schedule.js';

interface Refused {
  readonly deadline: Instant;
  readonly line: readonly JobForecast[];
  readonly forecast: JobForecast;
}

/**
 * What was refused in this turn for want of time. As long as the line is the same, a request of the same model, class and
 * tenant that can wait no longer is refused as well, and the line is not tried again: a tenant may send thousands of these.
 */
export class RefusedAlike {
  private readonly latest = new Map<string, Refused>();

  note(request: Request, line: readonly JobForecast[], forecast: JobForecast): void {
    this.latest.set(alikeBy(request), { deadline: request.deadline, line, forecast });
  }

  /** The forecast that such a request was refused by; undefined where there was none. */
  of(request: Request, line: readonly JobForecast[]): JobForecast | undefined {
    const known = this.latest.get(alikeBy(request));
    return known?.line === line && request.deadline <= known.deadline ? known.forecast : undefined;
  }
}

const alikeBy = ({ model, class: of, tenant }: Request): string => JSON.stringify([model, of, tenant]);
