import { type Fleet, replicasOf, replicasOn } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Look, ServingRow } from '../looks/look.js';
import type { Instant } from '../fleet/model.js';
import { copiesOf } from '../memory/pins.js';
import type { Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { AT_REST, felt, mayHaveMore } from '../learned/strain.js';
import type { Sample } from '../learned/strain-state.js';

/** Reads off the statistics of a server how hard the models are used of which there may be more copies. */
export function feelStrain(fleet: Fleet, server: Server, look: Look, now: Instant): void {
  for (const replica of replicasOn(fleet, server.spec.id)) {
    if (replica.phase === 'ready' && mayHaveMore(fleet.models.get(replica.model))) {
      feelModelStrain(fleet, server, replica.model, look, now);
    }
  }
}

function feelModelStrain(
  fleet: Fleet,
  server: Server,
  model: ModelId,
  { begunAt, serving }: Look,
  now: Instant,
): void {
  const rows = serving.filter((row) => row.model === model);
  if (rows.length === 0) return;
  const before = fleet.strains.get(model) ?? AT_REST;
  const all = replicasOf(fleet, model);
  const ready = all.filter(({ phase }) => phase === 'ready');
  const holders = new Set(ready.map((one) => one.server));
  const samples = new Map([...before.samples].filter(([id]) => holders.has(id)));
  const id = server.spec.id;
  const counts = countsOf(rows);
  const last = samples.get(id);
  const isNew = !last || counts.served < last.served || counts.waited < last.waited;
  samples.set(id, sampleOf(isNew ? undefined : last, counts, begunAt, queued(server, model)));
  const copies = ready.reduce((sum, one) => sum + copiesOf(fleet, one), 0);
  fleet.strains.set(model, felt(before, samples, { copies, isChanging: isNew || all.some(isArriving), now }));
}

/** Until a copy that is on its way has taken its share nothing follows from what the others bear. */
const isArriving = (replica: Replica): boolean =>
  replica.phase === 'ready'
    ? replica.change !== null
    : replica.phase !== 'draining' && replica.phase !== 'unloading';

/** The gauge of the metrics; null where they do not answer, and where what it shows may be the queue of a hidden copy. */
const queued = ({ metricsAnswered, pending, hidden }: Server, model: ModelId): number | null =>
  metricsAnswered && !hidden.some((copy) => copy.model === model) ? (pending.get(model) ?? 0) : null;

type StrainCounts = Pick<Sample, 'served' | 'waited'>;

/** Of all versions that serve. A count that falls means a fresh copy behind the same row. */
const countsOf = (rows: readonly ServingRow[]): StrainCounts => ({
  served: rows.reduce((sum, { succeeded, failed }) => sum + succeeded + failed, 0),
  waited: rows.reduce((sum, { waited }) => sum + waited, 0),
});

/** Without a gauge the queue is as long as requests have waited in it meanwhile, by Little's law. */
function sampleOf(last: Sample | undefined, counts: StrainCounts, at: Instant, gauge: number | null): Sample {
  const span = last ? at - last.at : 0;
  const over = (amount: number): number => (span > 0 ? amount / span : 0);
  return {
    at,
    ...counts,
    rate: last ? over(1_000 * (counts.served - last.served)) : 0,
    queue: gauge ?? (last ? over(counts.waited - last.waited) : 0),
  };
}
