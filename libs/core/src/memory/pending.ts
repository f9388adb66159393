import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOn } from '../fleet/fleet.js';
import type { ModelId, ServerId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Replica } from '../fleet/replica.js';
import { loadBounds } from '../fleet/standing.js';

/** A config is asked for as soon as a load has ended, and told in some milliseconds; a call that fails is not waited for. */
const TOLD_WITHIN: Millis = 5_000;

/** Whether it is known what a model is made of: its needs or its config were declared, or its config was once read. */
export const isConfigKnown = ({ models, steps }: Readonly<Fleet>, id: ModelId): boolean => {
  const model = models.get(id);
  return steps.has(id) || model?.needsDeclared === true || typeof model?.config === 'string';
};

/**
 * Until when the config of a copy is pending: its model may be an ensemble of anything on its server. Infinity while its load
 * runs, and where no answer came, as long as that may take; in the past where the config is known.
 */
export function pendingUntil(fleet: Readonly<Fleet>, replica: Replica): Instant {
  if (isConfigKnown(fleet, replica.model)) return -Infinity;
  switch (replica.phase) {
    case 'loading':
      return Infinity;
    case 'ready':
      return replica.since + TOLD_WITHIN;
    case 'unknown':
      return loadBounds(fleet, replica)?.overdueAt ?? -Infinity;
    default:
      return -Infinity;
  }
}

/** Until when a config is pending on the server of a copy, beside that copy: see `pendingUntil`. */
export function pendingBeside(fleet: Readonly<Fleet>, { id, server }: Replica): Instant {
  let until = -Infinity;
  for (const other of replicasOn(fleet, server))
    if (other.id !== id) until = Math.max(until, pendingUntil(fleet, other));
  return until;
}

/**
 * Whether a load whose config is pending has to wait on a server for what is told in a moment: the config of one that has just
 * ended, or that an unload has reached it.
 */
export const isToldSoon = (fleet: Readonly<Fleet>, server: ServerId, now: Now): boolean =>
  replicasOn(fleet, server).some(
    (one) => isUnanswered(one) || (one.phase === 'ready' && !now.has(pendingUntil(fleet, one))),
  );

/** Whether its unload may not have reached the server yet. */
export const isUnanswered = (replica: Replica): boolean =>
  replica.phase === 'unloading' && replica.answeredAt === null;

/**
 * Whether a copy turned up on its server beside a load of a pending config: it counts as a step of that load until the config
 * tells. What Berth has ordered and what is a stranger is none.
 */
export const isUnclaimed = (fleet: Readonly<Fleet>, { model, phase, server, stranger }: Replica): boolean =>
  !stranger && phase !== 'placed' && !isOrdered(fleet, { model, server });

const isOrdered = (fleet: Readonly<Fleet>, { model, server }: Pick<Replica, 'model' | 'server'>): boolean =>
  fleet.servers.get(server)?.ordered.has(model) ?? false;

/** Our loads of pending configs on the server of an unclaimed copy, by which it came; none of any other. */
export const cameWith = (fleet: Readonly<Fleet>, replica: Replica): readonly Replica[] =>
  isUnclaimed(fleet, replica)
    ? replicasOn(fleet, replica.server).filter(
        (one) => isOrdered(fleet, one) && pendingUntil(fleet, one) > fleet.now,
      )
    : [];
