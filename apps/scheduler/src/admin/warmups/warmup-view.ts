import type { WarmupMessage, WarmupsMessage } from '#contracts';
import type { NewWarmup, Warmup } from '#engine';

/** A warm-up as it is told. */
export function warmupView(warmup: Warmup): WarmupMessage {
  const { models, ends } = warmup;
  return {
    ...warmupSummary(warmup),
    models: models.map((model, nth) => {
      const end = ends[nth] ?? null;
      if (end === null) return { model, state: 'waiting', reason: null };
      return end === 'ready'
        ? { model, state: 'ready', reason: null }
        : { model, state: 'failed', reason: end };
    }),
  };
}

/** The same without its models. */
export function warmupSummary({ id, state, at, endedAt, ends }: Warmup): WarmupsMessage['items'][number] {
  const ready = ends.filter((end) => end === 'ready').length;
  const left = ends.filter((end) => end === null).length;
  return { id, state, createdAt: at, endedAt, ready, failed: ends.length - ready - left, left };
}

/** One of which nothing has begun. */
export const unbegun = (warmup: NewWarmup): Warmup => ({
  ...warmup,
  state: 'waiting',
  ends: warmup.models.map(() => null),
  endedAt: null,
});
