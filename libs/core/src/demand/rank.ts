import type { Class } from '../fleet/model.js';

/** How much a model matters that wants memory, or holds it. No replica leaves for a model of a lower rank. */
export type Rank = number;

const RANKS: Readonly<Record<Class, Rank>> = { sheddable: 0, default: 1, critical: 2 };

/** The classes by their rank. */
export const LOWEST_FIRST: readonly Class[] = ['sheddable', 'default', 'critical'];

export const rankOf = (one: Class): Rank => RANKS[one];

/** Of a copy that a pin lacks: an operator's promise, for which whatever is not pinned itself leaves. */
export const PINNED: Rank = 3;
