import { setTimeout as sleep } from 'node:timers/promises';

const WITHIN_MS = 10_000;
const EVERY_MS = 10;

/** Asks again and again until the answer is truthy, and returns it. What throws isn't there yet. */
export async function until<T>(ask: () => T | Promise<T>, withinMs = WITHIN_MS): Promise<NonNullable<T>> {
  const giveUpAt = Date.now() + withinMs;
  for (let last: unknown; ; await sleep(EVERY_MS)) {
    try {
      const answer = await ask();
      if (answer) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > giveUpAt) throw new Error(`not within ${withinMs} ms: ${String(ask)}`, { cause: last });
  }
}
