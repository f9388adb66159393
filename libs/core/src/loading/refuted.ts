import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import { type ModelId, replicaId, type ServerId } from '../fleet/ids.js';
import type { Millis } from '../fleet/model.js';

/** Worth and use change: after so long a server is asked anew. */
const VOID_FOR: Millis = 1_000;

/** Notes that no copies were found that could leave for a job on a server where it had reserved memory. */
export const noteRefuted = ({ refuted }: Fleet, model: ModelId, server: ServerId, now: Now): unknown =>
  refuted.set(replicaId(model, server), now.stamp + VOID_FOR);

/** Whether the curves of a server are void for the job of a model: it was refuted there a short time ago. */
export const isRefuted = (
  { refuted }: Readonly<Fleet>,
  model: ModelId,
  server: ServerId,
  now: Now,
): boolean => !now.has(refuted.get(replicaId(model, server)) ?? -Infinity);

/** Forgets what is over. */
export function endRefutations({ refuted }: Fleet, now: Now): void {
  for (const [id, until] of refuted) if (now.has(until)) refuted.delete(id);
}
