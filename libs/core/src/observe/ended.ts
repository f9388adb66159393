import type { Fleet } from '../fleet/fleet.js';
import type { Instant } from '../fleet/model.js';
import type { Unknown, Unloading } from '../fleet/replica.js';
import { forgetReplica } from './declared.js';

/**
 * Ends a replica that has left, and remembers why. Its model, should it be found there later, is a stranger, unless a
 * load of ours may still bring it up.
 */
export function end(fleet: Fleet, replica: Unloading | Unknown, now: Instant): void {
  const { model, server, cause, makesRoomFor } = replica;
  const mayCome = replica.phase === 'unknown' && replica.after === 'load';
  if (!mayCome) fleet.servers.get(server)?.ordered.delete(model);
  if (cause) fleet.lastUnloads.set(model, { at: now, cause, makesRoomFor });
  forgetReplica(fleet, replica);
}
