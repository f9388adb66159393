import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * How a call that was handed to the leader ended. `answered`: by the leader. `no_leader`: none was found in time. `busy`: too many
 * were under way. `gone`: its caller went. `failed`: otherwise.
 */
export type Forwarded = 'answered' | 'no_leader' | 'busy' | 'gone' | 'failed';

/** The calls that this process hands to the peer that leads. */
export class ForwardMetrics {
  private readonly ended: Counter<'result'>;
  private readonly present: Gauge;

  constructor(registry: Registry) {
    this.ended = new Counter({
      name: 'berth_forwards_total',
      help: 'Calls that were to be handed to the leader, by result.',
      labelNames: ['result'],
      registers: [registry],
    });
    this.present = new Gauge({
      name: 'berth_forwards_under_way',
      help: 'Calls that the leader has not answered yet.',
      registers: [registry],
    });
  }

  forwarded(result: Forwarded): void {
    this.ended.inc({ result });
  }

  underWay(count: number): void {
    this.present.set(count);
  }
}
