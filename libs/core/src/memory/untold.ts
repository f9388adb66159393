import { type Fleet, replicasOn } from '../fleet/fleet.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Replica } from '../fleet/replica.js';
import type { ModelId } from '../fleet/ids.js';
import type { Server } from '../fleet/server.js';
import { loadBounds } from '../fleet/standing.js';

/** A config is asked for as soon as a load has ended, and told in some milliseconds; a call that fails is not waited for. */
const TOLD_WITHIN: Millis = 5_000;

/**
 * How long what drains waits for the configs of what is loaded beside it: any model of which none was declared, nor ever seen
 * there, may be an ensemble, and made of it. Infinity while a load of one runs, and where no answer came, as long as it may
 * take; in the past where nothing is untold.
 */
export function untoldUntil(fleet: Readonly<Fleet>, { id, server }: Replica): Instant {
  let until = -Infinity;
  for (const other of replicasOn(fleet, server))
    if (other.id !== id) until = Math.max(until, toldUntil(fleet, other));
  return until;
}

/** Whether the config of a model is declared, or was read on a server. */
export const isConfigKnown = ({ models }: Readonly<Fleet>, { configs }: Server, model: ModelId): boolean =>
  configs.has(model) || typeof models.get(model)?.config === 'string';

/** The same for the config of one copy. */
export function toldUntil(fleet: Readonly<Fleet>, replica: Replica): Instant {
  const { model, server } = replica;
  if (isConfigKnown(fleet, fleet.servers.get(server)!, model)) return -Infinity;
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
