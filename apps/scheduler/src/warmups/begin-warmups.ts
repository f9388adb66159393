import type { Composition } from '../compose.js';
import { ModelOrders } from '../models/model-orders.js';
import { warmBy } from './warm-model.js';

/** Has warm-ups done from now on, by orders of this process' own. */
export function beginWarmups(made: Composition): void {
  const { warmups: metrics } = made.metrics;
  const warm = warmBy(new ModelOrders({ now: made }));
  made.warmups.begin({
    warm: async (...asked) => {
      const end = await warm(...asked);
      metrics.warmed(end);
      return end;
    },
    onEnd: (id, state) => {
      metrics.ended(state);
      if (state === 'failed')
        made.log.warn({ warmup: id }, 'a warm-up failed: its loads could not be ordered');
    },
  });
}
