import { type Fleet, forget } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import type { Replica, Unknown, UnloadCause, Unloading } from '../fleet/replica.js';

/** The booking ends. What is found here later is a stranger, but for a load of ours that may still come. */
export function end(fleet: Fleet, replica: Unloading | Unknown, now: Instant): void {
  const mayCome = replica.phase === 'unknown' && replica.after === 'load';
  if (!mayCome) fleet.servers.get(replica.server)?.ordered.delete(replica.model);
  if (replica.cause) noteUnloadCause(fleet, replica, replica.cause, replica.makesRoomFor, now);
  forget(fleet, replica);
}

/** Keeps the answer to "why is it gone?". */
export function noteUnloadCause(
  fleet: Fleet,
  { model }: Replica,
  cause: UnloadCause,
  makesRoomFor: ModelId | null,
  now: Instant,
): void {
  fleet.lastUnloads.set(model, { at: now, cause, makesRoomFor });
}
