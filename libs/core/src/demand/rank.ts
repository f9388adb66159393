import type { Class } from '../fleet/model.js';

/** How much a model matters. No replica is evicted for a model of a lower rank. */
export type Rank = number;

const RANKS: Readonly<Record<Class, Rank>> = { sheddable: 0, default: 1, critical: 2 };

/** The classes by their rank. */
export const LOWEST_FIRST: readonly Class[] = ['sheddable', 'default', 'critical'];

export const rankOf = (one: Class): Rank => RANKS[one];

/** The rank of a copy that a pin lacks: everything that is not pinned leaves for it. */
export const PINNED: Rank = 3;
