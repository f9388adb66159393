import type { ModelId } from '../fleet/ids.js';
import type { Bytes, Instant, Millis } from '../fleet/model.js';

/** One row of Triton's repository index. It describes only the newest copy of that version. */
export interface IndexRow {
  readonly model: ModelId;
  /** Empty, like `state`, in an untouched row: a directory that was never loaded in this incarnation. */
  readonly version: string;
  readonly state: '' | 'UNKNOWN' | 'LOADING' | 'READY' | 'UNLOADING' | 'UNAVAILABLE';
  readonly reason: string;
}

/** What Triton's statistics say of one version that serves. */
export interface ServingRow {
  readonly model: ModelId;
  readonly version: string;
  /** Wall-clock milliseconds of Triton's host: only a change of it tells something. */
  readonly lastInference: number;
  readonly succeeded: number;
  readonly failed: number;
  /** How long all requests that succeeded have stood in the queue, together. */
  readonly waited: Millis;
  /** Bytes on each GPU, where the backend measures them; nearly no backend does. */
  readonly memory: readonly { readonly ordinal: number; readonly bytes: Bytes }[];
}

/** The counts of one model, all versions together. */
export type ServingCounts = Pick<ServingRow, 'lastInference' | 'succeeded' | 'failed' | 'waited'>;

/** Adds up the statistics of each model that serves. */
export function countsByModel(serving: readonly ServingRow[]): ReadonlyMap<ModelId, ServingCounts> {
  const counts = new Map<ModelId, ServingCounts>();
  for (const row of serving) {
    const sum = counts.get(row.model) ?? NOTHING_SERVED;
    counts.set(row.model, {
      lastInference: Math.max(sum.lastInference, row.lastInference),
      succeeded: sum.succeeded + row.succeeded,
      failed: sum.failed + row.failed,
      waited: sum.waited + row.waited,
    });
  }
  return counts;
}

const NOTHING_SERVED: ServingCounts = { lastInference: 0, succeeded: 0, failed: 0, waited: 0 };

/** What the metrics endpoint said. */
export interface MetricsSample {
  /** Both numbers are 0 where Triton could not read a GPU. */
  readonly gpus: readonly { readonly uuid: string; readonly memory: Bytes; readonly used: Bytes }[];
  readonly hostMemory: Bytes | null;
  /** Requests queued inside Triton per model; the one that executes is not among them. */
  readonly pending: ReadonlyMap<ModelId, number>;
}

/** Whether the server takes orders: only a try tells (`berth.mode-probe`). */
export type ControlMode = 'explicit' | 'wrong_mode' | 'restricted';

/** What a server said when it was looked at. Index and statistics were asked for after `begunAt`. */
export interface Look {
  readonly begunAt: Instant;
  readonly endedAt: Instant;
  /** Null where only statistics and metrics were read. */
  readonly index: readonly IndexRow[] | null;
  readonly serving: readonly ServingRow[];
  /** Null: the endpoint did not answer, or there is none. */
  readonly metrics: MetricsSample | null;
  /** What the mode probe said; null where the look had none. */
  readonly mode: ControlMode | null;
  /** Triton's own version, such as `2.51.0`. */
  readonly serverVersion: string | null;
}

/** What a look says of one model. It is proven `gone` only by a proper row. */
export type Sighting =
  /** `isMoving`: another copy of it is LOADING or UNLOADING. */
  | { readonly kind: 'serving'; readonly rows: readonly ServingRow[]; readonly isMoving: boolean }
  | { readonly kind: 'coming' }
  | { readonly kind: 'leaving' }
  | { readonly kind: 'gone'; readonly proven: boolean };

const DUPLICATE = 'model appears in two or more repositories';

/**
 * Sums up what a full look says of one model. Statistics say what serves, and are read after the index: a READY row
 * without statistics is of a copy on its way out.
 */
export function sightingOf(rows: readonly IndexRow[], serving: readonly ServingRow[]): Sighting {
  const isMoving = rows.some(({ state }) => state === 'LOADING' || state === 'UNLOADING');
  if (serving.length > 0) return { kind: 'serving', rows: serving, isMoving };
  if (rows.some((row) => row.state === 'LOADING')) return { kind: 'coming' };
  if (rows.some((row) => row.state !== '' && row.state !== 'UNAVAILABLE')) return { kind: 'leaving' };
  return { kind: 'gone', proven: rows.length > 0 && rows.every((row) => row.reason !== DUPLICATE) };
}
