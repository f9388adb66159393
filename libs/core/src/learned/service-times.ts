import type { Millis } from '../fleet/model.js';

/** How many requests a model has served lately, and how long their executions took. */
export interface ServiceTime {
  readonly served: number;
  /** All of them together; a request takes as long as its batch. */
  readonly took: Millis;
}

/** So many requests count; with each further one the older ones count for less. */
const MEMORY = 100;

/** What is known after `served` more requests, at least one. */
export function learnService(known: ServiceTime | undefined, served: number, took: Millis): ServiceTime {
  const all = { served: (known?.served ?? 0) + served, took: (known?.took ?? 0) + Math.max(0, took) };
  const kept = Math.min(1, MEMORY / all.served);
  return { served: all.served * kept, took: all.took * kept };
}

/** The mean time of an execution, in milliseconds. */
export const meanOf = ({ served, took }: ServiceTime): Millis => took / served;
