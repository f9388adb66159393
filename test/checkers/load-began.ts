import type { Instant, Replica } from '#core';

/** When the load of its own was ordered, or seen to run, that a replica may still be under; null where there is none. */
export function loadBegan(replica: Replica): Instant | null {
  if (replica.phase === 'loading') return replica.coLoadedBy === null ? replica.orderedAt : null;
  if (replica.phase !== 'unknown') return null;
  const { after, sent, sight } = replica;
  if (after === 'load' && sight.shows !== 'leaving') return sent!.orderedAt;
  return sight.shows === 'coming' ? sight.since : null;
}

/** Whether its state is unknown, and the looks that count show it absent. */
export const isSeenAbsent = (replica: Replica): boolean =>
  replica.phase === 'unknown' && replica.sight.shows === 'absent' && replica.sight.since !== null;
