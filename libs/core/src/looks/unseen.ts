import { type Fleet, replicasOn } from '../fleet/fleet.js';
import { isLoading, isSeenComing, type Replica, type Sent, type Unknown } from '../fleet/replica.js';
import { familyOf } from '../memory/footprint.js';
import { isConfigKnown, isUnclaimed } from '../memory/pending.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import { loadBegan } from '../fleet/standing.js';

/** Two looks that show a model unchanged, or absent, without an answer of Triton prove that where they are so far apart. */
export const APART: Millis = 1_000;
/** For so long after a call without an answer its order may still wait for Triton's lock, which no look shows. */
export const UNSETTLED: Millis = 5_000;

/** A server begins no order after its deadline; the look that shows it begins so much later, since clocks differ. */
const LAPSED: Millis = 2_000;

/**
 * From when on looks settle an order whose call ended then without an answer. Over the connection that it was sent over they were
 * asked behind it: so the server has read it, or has dropped it since its deadline had passed. Over another connection
 * that may still be to come until the deadline.
 */
export const settlesFrom = ({ looksCountFrom }: Server, sent: Sent | null, endedAt: Instant): Instant =>
  sent === null || looksCountFrom <= sent.orderedAt
    ? endedAt + UNSETTLED
    : Math.max(endedAt + UNSETTLED, sent.deadline + LAPSED);

/**
 * When the first of the looks in a row, up to the one that began then, began that show that an unload without an answer of a copy
 * that serves has done nothing; null where it may still be done: it may come late, or wait for another order.
 */
export function servesSince(fleet: Readonly<Fleet>, replica: Unknown, begunAt: Instant): Instant | null {
  const { sent, since: endedAt, sight } = replica;
  const server = fleet.servers.get(replica.server)!;
  if (begunAt < settlesFrom(server, sent, endedAt) || mayWaitUnseen(fleet, replica, endedAt)) return null;
  const since = sight.shows === 'serving' ? sight.since : null;
  return since !== null && since >= server.looksCountFrom ? since : begunAt;
}

/**
 * Whether an order about this model, sent by that moment and without an answer, may still wait for Triton's lock, which no
 * look shows. It may wait behind the load of its family. Where its own config is pending it may wait behind any load that began
 * before, and what came up with it; and where it is of a family, while an earlier load that no look shows may be of another ensemble of the same steps.
 */
export function mayWaitUnseen(
  fleet: Readonly<Fleet>,
  { id, model, server }: Replica,
  orderedAt: Instant | null,
): boolean {
  const family = familyOf(fleet, model);
  const others = replicasOn(fleet, server).filter((other) => other.id !== id);
  const earlier = others.filter((other) => (loadBegan(other) ?? Infinity) <= (orderedAt ?? -Infinity));
  const isPending = (other: Replica): boolean => !isSeenComing(other) && !isConfigKnown(fleet, other.model);
  const isOfAny = !isConfigKnown(fleet, model) || (family.size > 1 && earlier.some(isPending));
  const isBefore = (other: Replica): boolean => earlier.includes(other) || isUnclaimed(fleet, other);
  const behind = others.filter((other) => family.has(other.model) || (isOfAny && isBefore(other)));
  return behind.some((other) => isLoading(other));
}
