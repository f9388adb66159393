import type { Now } from '../numbers/now.js';
import { type Fleet, put, replicasOn } from '../fleet/fleet.js';
import { isFailing, type Pulse, type Ready } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import type { ModelId } from '../fleet/ids.js';
import { readAnew } from '../fleet/indexes.js';
import type { Look, ServingCounts } from '../looks/look.js';
import { tallied } from '../learned/failures.js';

/**
 * Reads use and failures off the statistics. Only changes of counts tell something: Triton's own times are wall time, and
 * the first counts of a copy may be of its warm-up.
 */
export function readPulses(
  fleet: Fleet,
  server: Server,
  look: Look,
  counts: ReadonlyMap<ModelId, ServingCounts>,
  now: Now,
): void {
  server.metricsAnswered = look.metrics !== null;
  server.pending = ownQueues(server, look.metrics?.pending ?? NO_QUEUES);
  for (const replica of replicasOn(fleet, server.spec.id)) {
    if (replica.phase !== 'ready') continue;
    const count = counts.get(replica.model);
    if (count) readPulse(fleet, server, replica, count, now);
    else if (!look.index) server.lookWanted = now.stamp;
  }
}

const NO_QUEUES: ReadonlyMap<ModelId, number> = new Map();

/** Triton's gauge shows the queue of a hidden copy as that of the copy that serves, so such models are left out. */
const ownQueues = ({ hidden }: Server, pending: Server['pending']): Server['pending'] =>
  hidden.length === 0
    ? pending
    : new Map([...pending].filter(([model]) => !hidden.some((copy) => copy.model === model)));

function readPulse(fleet: Fleet, { pending }: Server, replica: Ready, counts: ServingCounts, now: Now): void {
  const isNew = isFreshCopy(replica.pulse, counts);
  const used = (!isNew && isUsed(replica.pulse!, counts)) || (pending.get(replica.model) ?? 0) > 0;
  if (!isNew && !used) return;
  // A load by another client may have dropped the config that Berth sent.
  if (isNew && replica.pulse !== null) readAnew(fleet, replica);
  const pulse = nextPulse(replica.pulse, counts, now);
  noteFailing(fleet, replica, pulse);
  put(fleet, { ...replica, pulse, lastUse: used ? Math.max(replica.lastUse, now.stamp) : replica.lastUse });
}

/** Counts the copies of a model that turn out to be failing; a success of any copy ends that. */
function noteFailing(fleet: Fleet, replica: Ready, pulse: Pulse): void {
  const { model, pulse: before } = replica;
  if (!isFreshCopy(before, pulse) && pulse.succeeded > before!.succeeded) fleet.foundFailing.delete(model);
  if (!fleet.models.has(model) || !isFailing({ pulse })) return;
  const found = fleet.foundFailing.get(model) ?? 0;
  if (!isFailing(replica)) fleet.foundFailing.set(model, found + 1);
  else if (found === 0) fleet.foundFailing.set(model, 1);
}

type PulseCounts = Omit<Pulse, 'failures' | 'recent'>;

/** Whether these are the first counts of a copy: where a count falls another copy serves behind the same row. */
const isFreshCopy = (before: PulseCounts | null, counts: PulseCounts): boolean =>
  before === null || counts.failed < before.failed || counts.succeeded < before.succeeded;

function nextPulse(before: Pulse | null, counts: ServingCounts, now: Now): Pulse {
  const { lastInference, succeeded, failed } = counts;
  const read = { lastInference, succeeded, failed };
  if (before === null || isFreshCopy(before, counts)) return { ...read, failures: 0, recent: [] };
  const more = failed - before.failed;
  const failures = succeeded > before.succeeded ? 0 : before.failures + more;
  return {
    ...read,
    failures,
    recent: tallied(before.recent, more + succeeded - before.succeeded, more, now),
  };
}

/** A change of any count is a use. */
const isUsed = (before: PulseCounts, counts: PulseCounts): boolean =>
  before.lastInference !== counts.lastInference ||
  before.succeeded !== counts.succeeded ||
  before.failed !== counts.failed;
