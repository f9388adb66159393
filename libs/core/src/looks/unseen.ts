import { type Fleet, replicasOn } from '../fleet/fleet.js';
import type { Replica, Sent, Unknown } from '../fleet/replica.js';
import { relativesOf } from '../memory/footprint.js';
import type { ModelId } from '../fleet/ids.js';
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
  const { sent, endedAt, servesSince: since } = replica;
  const server = fleet.servers.get(replica.server)!;
  if (begunAt < settlesFrom(server, sent, endedAt) || mayWaitUnseen(fleet, replica, endedAt)) return null;
  return since !== null && since >= server.looksCountFrom ? since : begunAt;
}

/**
 * Whether an order about this model, sent by that moment and without an answer, may still wait for Triton's lock, which no
 * look shows. It may wait behind the load of a model that shares an ensemble with it. It may wait behind any load that
 * began before where the model may be an ensemble itself; and where it shares an ensemble, while an earlier load that no
 * look shows may be of another ensemble of the same steps.
 */
export function mayWaitUnseen(
  fleet: Readonly<Fleet>,
  { id, model, server: serverId }: Replica,
  orderedAt: Instant | null,
): boolean {
  const server = fleet.servers.get(serverId)!;
  const relatives = relativesOf(fleet, server, model);
  const others = replicasOn(fleet, serverId).filter((other) => other.id !== id);
  const earlier = others.filter((other) => (loadBegan(other) ?? Infinity) <= (orderedAt ?? -Infinity));
  const untold = earlier.filter((other) => !isSeenComing(other) && mayBeEnsemble(fleet, server, other.model));
  const isTiedToAny = mayBeEnsemble(fleet, server, model) || (relatives.size > 1 && untold.length > 0);
  const behind = others.filter(
    (other) => relatives.has(other.model) || (isTiedToAny && earlier.includes(other)),
  );
  return behind.some((other) => (other.phase === 'unknown' ? other.coming : loadBegan(other) !== null));
}

const isSeenComing = (replica: Replica): boolean => replica.phase === 'unknown' && replica.coming;

/** Whether a model may be an ensemble: its config is not known. */
export const mayBeEnsemble = (fleet: Readonly<Fleet>, server: Server, model: ModelId): boolean =>
  !fleet.steps.has(model) && !server.configs.has(model);
