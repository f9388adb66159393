import type { Millis } from '#core';

const LEAST_MARGIN: Millis = 20;
const MAX_MARGIN: Millis = 500;
const SHARE = 0.02;

/** How long a caller with a deadline can be let wait: it must see the reason before its own side gives up. */
export function patience(remaining: Millis): Millis {
  const margin = Math.min(MAX_MARGIN, Math.max(LEAST_MARGIN, remaining * SHARE));
  return Math.max(0, remaining - margin);
}
