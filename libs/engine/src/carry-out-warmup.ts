import type { NewWarmup, WarmEnd, WarmupWork } from './ports/warmups.js';

/** Bound of models of a warm-up that are waited for at a time. */
const MODELS_AT_A_TIME = 8;

/** What a warm-up is done with, and where its progress goes. */
export interface CarryOutParts {
  readonly warm: WarmupWork['warm'];
  /** Reads the mark. It is asked before each model. */
  readonly isCancelled: () => Promise<boolean>;
  /** Stores how far it is. */
  readonly note: (ends: readonly WarmEnd[]) => Promise<unknown>;
  readonly signal: AbortSignal;
}

/**
 * Does what is left of a warm-up, the models in their order. A model whose end is not known is begun, whether it was begun before
 * or not. Rejects with the first error once all that was begun has ended.
 */
export async function carryOutWarmup(
  warmup: NewWarmup & { readonly ends: readonly WarmEnd[] },
  { warm, isCancelled, note, signal }: CarryOutParts,
): Promise<'done' | 'cancelled'> {
  const ends = [...warmup.ends];
  const left = [...ends.keys()].filter((at) => ends[at] === null).values();
  let stopped: 'cancelled' | 'failed' | null = null;
  /** Warms one model after another until none is left, the mark is there, or a lane has failed. */
  const lane = async (): Promise<void> => {
    for (const at of left) {
      if (await isCancelled()) stopped ??= 'cancelled';
      signal.throwIfAborted();
      if (stopped !== null) return;
      ends[at] = await warm(warmup.models[at]!, warmup, signal);
      await note([...ends]);
    }
  };
  const lanes = Array.from({ length: MODELS_AT_A_TIME }, () =>
    lane().catch((error: unknown) => {
      stopped = 'failed';
      throw error;
    }),
  );
  for (const one of await Promise.allSettled(lanes)) if (one.status === 'rejected') throw one.reason;
  return stopped ?? 'done';
}
