import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from '../../tools/patience.mjs';

export { PATIENCE_MS };

const EVERY_MS = 10;

/**
 * Asks again and again until the answer is truthy, and returns it. An error counts as no answer yet. Rejects after
 * `PATIENCE_MS`, with the last answer as the cause.
 */
export async function until<T>(ask: () => T | Promise<T>): Promise<NonNullable<T>> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (let last: unknown; ; await sleep(EVERY_MS)) {
    try {
      const answer = await ask();
      if (answer) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > giveUpAt)
      throw new Error(`not within ${PATIENCE_MS} ms: ${String(ask)}`, { cause: last });
  }
}
