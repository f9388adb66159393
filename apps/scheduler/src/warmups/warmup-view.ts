import type { WarmupMessage } from '#contracts';
import type { NewWarmup, Warmup } from '#engine';

/** A warm-up as it is told. */
export function warmupView({ id, state, at, endedAt, models, ends }: Warmup): WarmupMessage {
  const ready = ends.filter((end) => end === 'ready').length;
  const left = ends.filter((end) => end === null).length;
  return {
    ...{ id, state, createdAt: at, endedAt },
    ...{ ready, failed: ends.length - ready - left, left },
    models: models.map((model, nth) => {
      const end = ends[nth] ?? null;
      if (end === null) return { model, state: 'waiting', reason: null };
      return end === 'ready'
        ? { model, state: 'ready', reason: null }
        : { model, state: 'failed', reason: end };
    }),
  };
}

/** One of which nothing has begun. */
export const unbegun = (warmup: NewWarmup): Warmup => ({
  ...warmup,
  state: 'waiting',
  ends: warmup.models.map(() => null),
  endedAt: null,
});
