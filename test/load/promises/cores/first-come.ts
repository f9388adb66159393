import type { precedence } from './stood-in.js';
export * from '../../../../libs/core/src/loading/precedence.js';

/** Stands in for the order of the line: of one stage the job that was wanted first goes first, whatever is promised. */
export const byPrecedence: typeof precedence.byPrecedence = (one, other) =>
  one.band - other.band || Number(other.isOrdered) - Number(one.isOrdered) || one.since - other.since;
