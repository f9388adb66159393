import type { NewWarmup, WarmEnd, WarmupWork } from './ports/warmups.js';

/** So many models of a warm-up are waited for at a time. */
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
 * Does what is left of a warm-up. A model whose end is not known is begun, whether it was begun before or not. Rejects with the
 * first error once all that was begun has ended.
 */
export async function carryOutWarmup(
  warmup: NewWarmup & { readonly ends: readonly WarmEnd[] },
  parts: CarryOutParts,
): Promise<'done' | 'cancelled'> {
  const run = new Run(warmup, parts);
  const lanes = Array.from({ length: MODELS_AT_A_TIME }, () => run.lane());
  for (const lane of await Promise.allSettled(lanes)) if (lane.status === 'rejected') throw lane.reason;
  return run.isCancelled ? 'cancelled' : 'done';
}

/** One try to do a warm-up. Its lanes take the models in their order. */
class Run {
  isCancelled = false;
  private hasFailed = false;
  private next = 0;
  private readonly ends: WarmEnd[];
  /** One note is under way at a time; the next one holds all ends since. */
  private noting: Promise<unknown> = Promise.resolve();
  private isNoteDue = false;

  constructor(
    private readonly warmup: NewWarmup & { readonly ends: readonly WarmEnd[] },
    private readonly parts: CarryOutParts,
  ) {
    this.ends = [...warmup.ends];
  }

  /** Warms one model after another until none is left, the mark is there, or a lane has failed. */
  async lane(): Promise<void> {
    try {
      for (let at = this.take(); at !== undefined; at = this.take()) {
        if (await this.mustStop()) return;
        this.ends[at] = await this.parts.warm(this.warmup.models[at]!, this.warmup, this.parts.signal);
        await this.note();
      }
    } catch (error) {
      this.hasFailed = true;
      throw error;
    }
  }

  private take(): number | undefined {
    while (this.next < this.ends.length && this.ends[this.next] !== null) this.next += 1;
    return this.hasFailed || this.isCancelled || this.next >= this.ends.length ? undefined : this.next++;
  }

  private async mustStop(): Promise<boolean> {
    this.parts.signal.throwIfAborted();
    this.isCancelled ||= await this.parts.isCancelled();
    return this.isCancelled || this.hasFailed;
  }

  private note(): Promise<unknown> {
    if (this.isNoteDue) return this.noting;
    this.isNoteDue = true;
    return (this.noting = this.noting.then(() => {
      this.isNoteDue = false;
      return this.parts.note([...this.ends]);
    }));
  }
}
