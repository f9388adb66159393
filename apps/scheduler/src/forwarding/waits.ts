import type { ResolveQuery } from '#engine';
import { LONGEST_ANSWER_MS, type Times } from './http-forward.js';

/** So long after the end of a wait its answer may take. */
const MARGIN_MS = 1_000;

/** A resolve call that is handed on: each leader is asked to wait for what is left of the caller's wait. */
export class PatientCall {
  private readonly until: number;
  private tries = 0;

  /** `began` and `now` are in milliseconds as `performance.now()` has them; `longest`: a caller that tells of no wait seeks a leader so long. */
  constructor(
    private readonly request: object,
    private readonly query: ResolveQuery,
    private readonly began: number,
    longest: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.until = began + (query.wait ?? longest);
  }

  get times(): Times {
    const { until } = this;
    // The leader alone knows how long the model lets a caller wait that tells of no wait.
    const answerBy = this.query.wait === null ? this.began + LONGEST_ANSWER_MS : until + MARGIN_MS;
    return { until, answerBy, isPatient: true };
  }

  /** The request of the next try. What the caller leaves to the model is left to it by the first try. */
  next(): object {
    this.tries += 1;
    if (this.query.wait === null && this.tries === 1) return this.request;
    return { ...this.request, waitMs: Math.max(0, Math.round(this.until - this.now())) };
  }
}
