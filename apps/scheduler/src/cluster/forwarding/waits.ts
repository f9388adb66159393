import type { ResolveQuery } from '#engine';
import { MAX_ANSWER_MS, type Times } from './forwarder.js';

/** Milliseconds that the answer may take after the end of its wait. */
const MARGIN_MS = 1_000;

/**
 * A resolve call that is handed on: each leader is asked to wait for what is left of the caller's wait. `began` and `now` are in
 * milliseconds as `performance.now()` has them; `longest`: a caller that tells of no wait seeks a leader so long.
 */
export function patientCall(
  request: object,
  { wait }: Pick<ResolveQuery, 'wait'>,
  began: number,
  longest: number,
  now: () => number = () => performance.now(),
): { readonly times: Times; readonly next: () => object } {
  const until = began + (wait ?? longest);
  // The leader alone knows how long the model lets a caller wait that tells of no wait: the first try leaves it to the model.
  const answerBy = wait === null ? began + MAX_ANSWER_MS : until + MARGIN_MS;
  let isLeft = wait === null;
  return {
    times: { until, answerBy, isPatient: true },
    next: () => {
      const next = isLeft ? request : { ...request, waitMs: Math.max(0, Math.round(until - now())) };
      isLeft = false;
      return next;
    },
  };
}
