import { Counter, type Registry } from 'prom-client';

/** Alerts that Alertmanager posted, and their episodes that were forgotten early. */
export class AlertMetrics {
  private readonly alerts: Counter<'result'>;
  private readonly drops: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.alerts = new Counter({
      name: 'berth_alerts_total',
      help: 'Alerts that Alertmanager posted, by what became of them.',
      labelNames: ['result'],
      registers,
    });
    this.drops = new Counter({
      name: 'berth_alert_episodes_dropped_total',
      help: 'Episodes of alerts forgotten while they may last, to make room for newer ones.',
      registers,
    });
  }

  /** `result` is one of a closed set. */
  heard(result: string, count: number): void {
    this.alerts.inc({ result }, count);
  }

  dropped(count: number): void {
    this.drops.inc(count);
  }
}
