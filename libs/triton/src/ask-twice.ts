import { status } from '@grpc/grpc-js';
import type { Millis } from '#core';
import { CallFailed, saysNotNow } from './call-failed.js';

/**
 * Asks for what a look is made of, and once more where Triton answered that it could not tell just then; both within
 * `withinMs`. `ask` is told how long it may take.
 */
export async function askTwice<T>(
  ask: (withinMs: Millis) => Promise<T>,
  withinMs: Millis,
  clock: { now(): number },
): Promise<T> {
  const begunAt = clock.now();
  try {
    return await ask(withinMs);
  } catch (error) {
    if (!(error instanceof CallFailed && saysNotNow(error))) throw error;
    // Triton has answered: a second try that is not answered in what is left of the time says no more than the first.
    return ask(Math.max(1, begunAt + withinMs - clock.now())).catch((second: unknown) => {
      throw second instanceof CallFailed && second.code === status.DEADLINE_EXCEEDED ? error : second;
    });
  }
}
