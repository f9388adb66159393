import type { Millis } from '../fleet/model.js';

/** What is known of how long servers take to execute a model: of its latest requests, how many they were and how long they took. */
export interface ServiceTime {
  readonly served: number;
  /** All of them together; a request takes as long as the batch that it is in. */
  readonly took: Millis;
}

/** So many requests are remembered at most: with each more that is served the older ones weigh less. */
const MEMORY = 100;

/** What is known once more were served, one at least. */
export function learnService(known: ServiceTime | undefined, served: number, took: Millis): ServiceTime {
  const all = { served: (known?.served ?? 0) + served, took: (known?.took ?? 0) + Math.max(0, took) };
  const kept = Math.min(1, MEMORY / all.served);
  return { served: all.served * kept, took: all.took * kept };
}

/** The mean time of an execution, in milliseconds. */
export const meanOf = ({ served, took }: ServiceTime): Millis => took / served;
