import type { worth } from './stood-in.js';
export * from '../../../../libs/core/src/loading/worth-more.js';

/** Stands in for the comparison of a job with its victims: every load is worth it. */
export const worthMoreFrom: typeof worth.worthMoreFrom = ({ now }) => now;
