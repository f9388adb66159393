import { fractionOf, type Millis } from '#core';

const FIRST_PAUSE: Millis = 100;
const MAX_PAUSE: Millis = 30_000;
/** Each pause is so many times the one before: a server that comes back is found after about half of its absence. */
const GROWTH = 1.5;
/** A pause is shortened by up to this share, by another one for each server and try. */
const JITTER = 0.25;

/**
 * How long the next try of a connection waits, after so many (0 and up) that failed before the last one. What died
 * together is not tried together: the jitter follows from the id of the server, so that no chance is needed.
 */
export function pauseAfter(failedBefore: number, server: string): Millis {
  const pause = Math.min(FIRST_PAUSE * GROWTH ** failedBefore, MAX_PAUSE);
  return pause * (1 - JITTER * fractionOf(`${server} ${failedBefore}`));
}
