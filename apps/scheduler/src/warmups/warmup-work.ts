import type { WarmupWork } from '#engine';
import type { ModelOrders } from '../models/model-orders.js';
import type { Lasting } from '../reigns/lasting.js';
import { warmBy } from './warm-model.js';

/** What warm-ups are done with, where loads are ordered so. What becomes of them is counted. */
export function workOf(
  orders: Pick<ModelOrders, 'load'>,
  { metrics, log }: Pick<Lasting, 'metrics' | 'log'>,
): WarmupWork {
  const warm = warmBy(orders);
  return {
    warm: async (...asked) => {
      const end = await warm(...asked);
      metrics.warmups.warmed(end);
      return end;
    },
    onEnd: (id, state) => {
      metrics.warmups.ended(state);
      if (state === 'failed') log.warn({ warmup: id }, 'a warm-up failed: its loads could not be ordered');
    },
  };
}
