import { type Fleet, put, replicasOn } from '../fleet.js';
import type { Pulse, Ready } from '../replica.js';
import type { Server } from '../server.js';
import type { ModelId } from '../ids.js';
import type { Look, ServingRow } from '../look.js';
import type { Instant } from '../model.js';
import { learnService } from '../service-times.js';

/** Reads use and failures off the statistics. Only changes count: Triton's own times are wall time. */
export function feelPulses(fleet: Fleet, server: Server, look: Look, now: Instant): void {
  server.metricsAnswered = look.metrics !== null;
  server.pending = look.metrics?.pending ?? new Map<ModelId, number>();
  const counts = countsByModel(look.serving);
  for (const replica of replicasOn(fleet, server.spec.id)) {
    if (replica.phase !== 'ready') continue;
    const count = counts.get(replica.model);
    if (count) feel(fleet, server, replica, count, now);
    else if (!look.index) server.lookWanted = now;
  }
}

function feel(fleet: Fleet, { pending }: Server, replica: Ready, counts: Counts, now: Instant): void {
  const used = isUsed(replica, counts) || (pending.get(replica.model) ?? 0) > 0;
  if (replica.pulse && !used) return;
  const pulse = nextPulse(replica.pulse, counts);
  noteServiceTime(fleet, replica, pulse);
  noteFailing(fleet, replica, pulse);
  put(fleet, { ...replica, pulse, lastUse: used ? Math.max(replica.lastUse, now) : replica.lastUse });
}

/** Learns how long its executions take. A fresh copy counts from zero. */
function noteServiceTime(fleet: Fleet, { model, pulse: before }: Ready, pulse: Pulse): void {
  if (!fleet.models.has(model)) return;
  const last = !before || isFresh(before, pulse) ? NOTHING_SERVED : before;
  const served = pulse.succeeded - last.succeeded;
  if (served <= 0) return;
  const known = fleet.serviceTimes.get(model);
  fleet.serviceTimes.set(model, learnService(known, served, pulse.computed - last.computed));
}

const NOTHING_SERVED = { succeeded: 0, computed: 0 };

/** Remembers of a model how many of its copies turned out to be failing; a success of any of them ends that. */
function noteFailing(fleet: Fleet, replica: Ready, pulse: Pulse): void {
  const { model, pulse: before } = replica;
  const isAnew = !before || pulse.succeeded < before.succeeded;
  if (pulse.succeeded > (isAnew ? 0 : before.succeeded)) fleet.foundFailing.delete(model);
  if (!fleet.models.has(model) || !isFailing({ ...replica, pulse })) return;
  const found = fleet.foundFailing.get(model) ?? 0;
  if (!isFailing(replica)) fleet.foundFailing.set(model, found + 1);
  else if (found === 0) fleet.foundFailing.set(model, 1);
}

type Counts = Omit<Pulse, 'failures'>;

function countsByModel(serving: readonly ServingRow[]): Map<ModelId, Counts> {
  const counts = new Map<ModelId, Counts>();
  for (const { model, lastInference, succeeded, failed, computed } of serving) {
    const sum = counts.get(model);
    counts.set(model, {
      lastInference: Math.max(sum?.lastInference ?? 0, lastInference),
      succeeded: (sum?.succeeded ?? 0) + succeeded,
      failed: (sum?.failed ?? 0) + failed,
      computed: (sum?.computed ?? 0) + computed,
    });
  }
  return counts;
}

/** A count that falls means a fresh copy behind the same row. */
const isFresh = (before: Counts, counts: Counts): boolean =>
  counts.failed < before.failed || counts.succeeded < before.succeeded;

/** With a fresh copy all starts anew. */
function nextPulse(before: Pulse | null, counts: Counts): Pulse {
  if (!before || isFresh(before, counts) || counts.succeeded > before.succeeded)
    return { failures: 0, ...counts };
  return { failures: before.failures + counts.failed - before.failed, ...counts };
}

/** A change of any count is a use. A fresh copy counts from zero: what its first sight shows has happened since its load. */
function isUsed({ pulse: before }: Ready, counts: Counts): boolean {
  if (!before) return counts.succeeded + counts.failed > 0;
  return (
    before.lastInference !== counts.lastInference ||
    before.succeeded !== counts.succeeded ||
    before.failed !== counts.failed
  );
}

/** Failures without a success in between that mark a replica as failing. */
const FAILURES_TO_FLAG = 3;

/** Whether it is ready by Triton's word, but only fails. */
export const isFailing = ({ pulse }: Ready): boolean => (pulse?.failures ?? 0) >= FAILURES_TO_FLAG;
