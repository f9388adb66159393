import { DEFAULT_LEASE, type Millis } from '#core';

/** A gateway may use its table for 10 s after the last event was sent: for 8 s after the event came, which may be under way for 2 s. */
export const TABLE_GOOD_FOR: Millis = 10_000;

/**
 * A lease that is given without the leader lasts so long at most, and so it ends so long after the table was good. The next leader
 * grants as much to every copy that it finds. Longer leases are given by the leader alone, and stored.
 */
export const MAX_PEER_LEASE: Millis = DEFAULT_LEASE;

/** A look that shows a model ready counts for so long. */
export const LOOK_GOOD_FOR: Millis = 5_000;
