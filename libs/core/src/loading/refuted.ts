import type { Fleet } from '../fleet/fleet.js';
import { type ModelId, replicaId, type ServerId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';

/** Worth and use change: after so long a server is asked anew. */
const VOID_FOR: Millis = 1_000;

/** Notes that no copies were found that could leave for a job on a server where it had reserved memory. */
export const noteRefuted = ({ refuted }: Fleet, model: ModelId, server: ServerId, now: Instant): unknown =>
  refuted.set(replicaId(model, server), now + VOID_FOR);

/** Whether the curves of a server are void for the job of a model: it was refuted there a short time ago. */
export const isRefuted = (
  { refuted }: Readonly<Fleet>,
  model: ModelId,
  server: ServerId,
  now: Instant,
): boolean => (refuted.get(replicaId(model, server)) ?? -Infinity) > now;

/** Forgets what is over. */
export function endRefutations({ refuted }: Fleet, now: Instant): void {
  for (const [id, until] of refuted) if (until <= now) refuted.delete(id);
}
