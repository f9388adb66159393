import type { Millis } from '#core';
import { hintOf } from '../../apps/scheduler/src/transport/errors/retry-hint.js';
import { Random } from './random.js';
import type { Trail } from './trail.js';

/** Beyond that the bound of hints comes before the prediction. */
const SURE: Millis = 58_000;
const BOUND: Millis = 60_000;

/** So many hints are enough for their spread to show: a run in which it does not by chance is rarer than one in ten thousand millions. */
const ENOUGH = 60;
const NARROWEST: Millis = 2_000;

/** When callers are told to come again, as the interfaces tell it: not before it helps, within the bound, and not all at once. */
export class ToldHints {
  private readonly random: Random;
  private readonly late: Millis[] = [];

  constructor(
    seed: number,
    private readonly trail: Trail,
  ) {
    this.random = new Random(seed, 'hints');
  }

  told(prediction: Millis): Millis {
    const hint = hintOf(prediction, () => this.random.next());
    const isBounded = hint >= 1_000 && hint <= BOUND && hint % 1_000 === 0;
    this.trail.expect(isBounded, () => `a hint of ${hint} ms is not whole seconds from 1 to 60`);
    if (prediction <= SURE) this.note(prediction, hint);
    return hint;
  }

  private note(prediction: Millis, hint: Millis): void {
    this.trail.expect(hint >= prediction, () => `a hint of ${hint} ms, before the ${prediction} predicted`);
    this.late.push(hint - Math.max(1_000, 1_000 * Math.ceil(prediction / 1_000)));
    if (this.late.length !== ENOUGH) return;
    const spread = Math.max(...this.late) - Math.min(...this.late);
    this.trail.expect(spread >= NARROWEST, () => `${ENOUGH} hints are spread over ${spread} ms only`);
    this.trail.mark('hints are spread');
    this.late.length = 0;
  }
}
