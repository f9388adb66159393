import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Millis } from '../fleet/model.js';
import type { Replica, Tally } from '../fleet/replica.js';
import { dependenciesOf } from '../memory/footprint.js';

/** Executions are counted over so long, in sums of so long each: ten sums for a copy at most. */
const WINDOW: Millis = 30_000;
const SUM: Millis = 3_000;
/** Failures, and their least part of all executions, by which a copy counts as failing in part. */
const LEAST_FAILED = 10;
const PART = 4;

/** The executions of the last 30 s, to which those are added that were read now. */
export function tallied(recent: readonly Tally[], of: number, failed: number, now: Now): readonly Tally[] {
  const kept = recent.filter(({ at }) => at > now.stamp - WINDOW);
  const last = kept.at(-1);
  if (!last || now.stamp - last.at >= SUM) return [...kept, { at: now.stamp, of, failed }];
  return [...kept.slice(0, -1), { at: last.at, of: last.of + of, failed: last.failed + failed }];
}

/** How many of the executions of a copy within 30 s have failed. */
export interface Failures {
  readonly failed: number;
  readonly of: number;
  /**
   * Whether callers may be among them that gave up while they waited for their batch: Triton counts these as failures, and
   * no count tells them apart.
   */
  readonly mayBeGivenUp: boolean;
}

/** Null where none has failed. */
export function failuresOf(fleet: Readonly<Fleet>, replica: Replica, now: Now): Failures | null {
  if (replica.phase !== 'ready') return null;
  const recent = (replica.pulse?.recent ?? []).filter(({ at }) => at > now.stamp - WINDOW);
  const failed = recent.reduce((sum, one) => sum + one.failed, 0);
  if (failed === 0) return null;
  const { configs } = fleet.servers.get(replica.server)!;
  const models = [replica.model, ...dependenciesOf(fleet, replica.model)];
  const mayBeGivenUp = models.some((one) => QUEUES.test(configs.get(one)?.json ?? '"dynamic_batching":{'));
  return { failed, of: recent.reduce((sum, one) => sum + one.of, 0), mayBeGivenUp };
}

/** What the config has of a model whose requests wait in a queue that they may leave. */
const QUEUES = /"(dynamic|sequence)_batching":\{/;

/** What fails, of a copy of which some processes are dead, or all: null where too little does. */
export function failsInPart(fleet: Readonly<Fleet>, replica: Replica, now: Now): Failures | null {
  const failures = failuresOf(fleet, replica, now);
  return failures && failures.failed >= LEAST_FAILED && failures.failed * PART >= failures.of
    ? failures
    : null;
}
