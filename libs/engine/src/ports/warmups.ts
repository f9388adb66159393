import type { Millis } from '#core';
import type { Written } from './declarations.js';

/** A list of models that are to be loaded. */
export interface NewWarmup {
  /** `wu_` and 32 hex digits. */
  readonly id: string;
  /** When it was asked for, RFC 3339 UTC. */
  readonly at: string;
  /** The name of the credential that asked for it: the loads are ordered in its name. */
  readonly credential: string;
  /** Each once. */
  readonly models: readonly string[];
}

/** `ready`, or the reason why the model was not loaded; null: its load has not ended. */
export type WarmEnd = string | null;

/**
 * `waiting`: none of its models was begun. `cancelled`: no other model is begun. `failed`: too many tries failed, and none
 * follows: a dead letter.
 */
export type WarmupState = 'waiting' | 'running' | 'done' | 'cancelled' | 'failed';

/** A warm-up as it stands. */
export interface Warmup extends NewWarmup {
  readonly state: WarmupState;
  /** In the order of the models. */
  readonly ends: readonly WarmEnd[];
  /** RFC 3339 UTC; null: something of it may still be done. */
  readonly endedAt: string | null;
}

/** How many warm-ups are kept, by how they stand. */
export interface WarmupCounts {
  readonly waiting: number;
  readonly running: number;
  /** The dead letters. */
  readonly failed: number;
}

/** What warm-ups are done with. */
export interface WarmupWork {
  /**
   * Loads a model, and resolves with how that ended. It may be called twice for the same model. Rejects where another try may
   * succeed, and once the signal is aborted.
   */
  warm(model: string, warmup: Pick<NewWarmup, 'id' | 'credential'>, signal: AbortSignal): Promise<string>;
  /** Hears which warm-up has ended, and how. `lost`: the store does not have it any more, and it is not gone on with. */
  onEnd(id: string, state: WarmupState | 'lost'): void;
}

/** Keeps warm-ups and has them done, also after a crash. What the store does not take rejects as the store does. */
export interface Warmups {
  /** Adds one. One of this id that is there stays as it is. */
  add(warmup: NewWarmup): Promise<Written>;
  /** Undefined where none of this id is kept. */
  get(id: string): Promise<Warmup | undefined>;
  /** All that are kept, in any order. */
  list(): Promise<readonly Warmup[]>;
  /** No other model of it is begun. Nothing happens to one that has ended, or is not kept. */
  cancel(id: string): Promise<Written>;
  /** From now on they are done, a few at a time. Called once. */
  begin(work: WarmupWork): void;
  counts(): Promise<WarmupCounts>;
  /** Begins nothing more, and gives up the loads that are waited for: they are waited for again in the next life. */
  close(): Promise<void>;
}

/** Bound of warm-ups under way in one process. */
export const WARMUPS_AT_A_TIME = 4;
/** Tries of a warm-up whose loads could not be ordered. */
export const WARMUP_TRIES = 20;
/** Of those that have ended so many are kept, for so long. */
export const ENDED_WARMUPS = 100;
export const ENDED_KEPT_MS: Millis = 24 * 3_600_000;

/** How long a warm-up waits after so many tries that failed. */
export const warmupRetryAfter = (tries: number): Millis => Math.min(1_000 * 2 ** (tries - 1), 60_000);
