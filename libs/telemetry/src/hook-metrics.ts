import { Counter, type Registry } from 'prom-client';

/** The webhooks that Berth serves. */
type Webhook = 'fleet' | 'alertmanager';

/** What became of a message: it took effect, it was a repeat, it was older than another one, or it was refused. */
type HookResult = 'taken' | 'repeated' | 'outdated' | 'refused';

/** Messages of webhooks, and those that were forgotten before their time. */
export class HookMetrics {
  private readonly messages: Counter<'webhook' | 'result'>;
  private readonly drops: Counter;

  constructor(registry: Registry) {
    this.messages = new Counter({
      name: 'berth_webhook_messages_total',
      help: 'Messages to the webhooks of Berth that a known sender sent, by what became of them: taken, repeated, outdated, or refused.',
      labelNames: ['webhook', 'result'],
      registers: [registry],
    });
    this.drops = new Counter({
      name: 'berth_webhook_ids_dropped_total',
      help: 'Ids of webhook messages forgotten before 24 h, to make room for newer ones.',
      registers: [registry],
    });
  }

  heard(webhook: Webhook, result: HookResult): void {
    this.messages.inc({ webhook, result });
  }

  dropped(count: number): void {
    this.drops.inc(count);
  }
}
