import type { Copy } from './copy.js';
import { InferenceCounters } from './statistics.js';

/**
 * What the metrics say of one version of a model. It lives as long as any copy of it, from the order of the first load to
 * the end of the last copy: so a new copy counts on where the old one is still there, if only behind its row.
 */
export class Series {
  readonly counters = new InferenceCounters();
  readonly copies = new Set<Copy>();

  constructor(
    readonly model: string,
    readonly version: string,
  ) {}

  /** What waits in the queues of all its copies. */
  get pending(): number {
    let pending = 0;
    for (const copy of this.copies) pending += copy.pending;
    return pending;
  }
}

/** The series of one process. */
export class AllSeries {
  private readonly present = new Map<string, Series>();
  /** How many inferences have failed in each series there ever was: these are shown until the process ends. */
  private readonly failures = new Map<string, Failures>();

  /** The series of a version, which is there from now on if it was not. */
  of(model: string, version: string): Series {
    const key = keyOf(model, version);
    const series = this.present.get(key) ?? new Series(model, version);
    this.present.set(key, series);
    if (!this.failures.has(key)) this.failures.set(key, { model, version, count: 0 });
    return series;
  }

  /** A copy is no more. */
  drop(copy: Copy): void {
    const key = keyOf(copy.model, String(copy.version));
    const series = this.present.get(key);
    if (series?.copies.delete(copy) === true && series.copies.size === 0) this.present.delete(key);
  }

  /** An inference has failed. */
  failed({ model, version }: Copy): void {
    const failures = this.failures.get(keyOf(model, String(version)));
    if (failures !== undefined) failures.count += 1;
  }

  get shown(): readonly Series[] {
    return [...this.present.values()];
  }

  get allFailures(): readonly Readonly<Failures>[] {
    return [...this.failures.values()];
  }
}

interface Failures {
  readonly model: string;
  readonly version: string;
  count: number;
}

const keyOf = (model: string, version: string): string => `${model}/${version}`;
