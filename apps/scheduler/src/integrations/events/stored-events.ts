import type { Outbox, OutboxContents } from '#engine';
import type { DeadLetters } from './dead-letters.js';
import type { Deliveries } from './deliveries.js';

/** How many events and dead letters a store has lost. */
export interface LostEvents {
  readonly events: number;
  readonly deadLetters: number;
}

/** The number after all that are kept. */
export function nextNumber({ events, deadLetters, damaged }: OutboxContents): number {
  return Math.max(0, ...[events.keys(), deadLetters.keys(), damaged].map(largest)) + 1;
}

/** Forgets what the store does not have any more. What is in flight is told all the same. Rejects as the store does. */
export async function forgetLost(
  outbox: Outbox,
  deliveries: Deliveries,
  deadLetters: DeadLetters,
): Promise<LostEvents> {
  const [waiting, dead] = [deliveries.numbers(), deadLetters.numbers(Infinity)];
  const { events } = await outbox.read();
  const lost = (numbers: readonly number[]): number[] => numbers.filter((number) => !events.has(number));
  return {
    events: lost(waiting).filter((number) => deliveries.drop(number)).length,
    deadLetters: lost(dead).filter((number) => deadLetters.delete(number)).length,
  };
}

function largest(numbers: Iterable<number>): number {
  let most = 0;
  for (const number of numbers) most = Math.max(most, number);
  return most;
}
