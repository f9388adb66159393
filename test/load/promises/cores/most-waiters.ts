import type { precedence } from './stood-in.js';
export * from '../../../../libs/core/src/loading/precedence.js';

/** Stands in for the order of the line: of one stage the job that most requests wait for goes first. */
export const byPrecedence: typeof precedence.byPrecedence = (one, other) =>
  one.band - other.band ||
  Number(other.isOrdered) - Number(one.isOrdered) ||
  other.waiting.count - one.waiting.count ||
  one.since - other.since;
