import type { Now } from '../numbers/now.js';
import type { Sample } from '../fleet/kept.js';
import type { EventOf } from '../fleet/events.js';
import { type Fleet, replicasOf, replicasOn } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { ServingCounts } from '../looks/look.js';
import type { Instant } from '../fleet/model.js';
import { copiesOf } from '../memory/pins.js';
import type { Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { drain } from '../fleet/transitions.js';
import { AT_REST, mayHaveMore, utilisationAfter, withCopies } from '../learned/utilisation.js';

/** Reads off the statistics of a server, as of `at`, how hard models that may have several copies are used. */
export function readUtilisation(
  fleet: Fleet,
  server: Server,
  at: Instant,
  counts: ReadonlyMap<ModelId, ServingCounts>,
  now: Now,
): void {
  for (const { phase, model } of replicasOn(fleet, server.spec.id)) {
    const count = counts.get(model);
    if (phase !== 'ready' || !count || !mayHaveMore(fleet.models.get(model))) continue;
    const { succeeded, failed, waited } = count;
    readModelUtilisation(fleet, server, model, { at, served: succeeded + failed, waited }, now);
  }
}

/**
 * Another number of copies is wanted for the demand of a model; what is spared leaves. Where the demand has ended, the time
 * does not count as waiting for later requests in which only its next copy was wanted.
 */
export function wantCopies(fleet: Fleet, event: EventOf<'CopiesWanted'>, now: Now): void {
  const { model, copies, spare } = event;
  const utilisation = fleet.utilisations.get(model);
  if (!utilisation) return;
  const spared = spare && fleet.replicas.get(spare);
  if (spared?.phase === 'ready') drain(fleet, spared, 'idle', null, now);
  if (copies > 0) fleet.utilisations.set(model, withCopies(utilisation, copies));
  else if (fleet.utilisations.delete(model) && utilisation.isAlone) fleet.wantedSince.delete(model);
}

/** When the statistics of a model were read, and what they say. */
type UtilisationCounts = Pick<Sample, 'at' | 'served' | 'waited'>;

function readModelUtilisation(
  fleet: Fleet,
  server: Server,
  model: ModelId,
  reading: UtilisationCounts,
  now: Now,
): void {
  const before = fleet.utilisations.get(model) ?? AT_REST;
  const all = replicasOf(fleet, model);
  const ready = all.filter(({ phase }) => phase === 'ready');
  const holders = new Set(ready.map((one) => one.server));
  const samples = new Map([...before.samples].filter(([id]) => holders.has(id)));
  const id = server.spec.id;
  const last = samples.get(id);
  // Where a count falls another copy serves behind the same row.
  const isNew = !last || reading.served < last.served || reading.waited < last.waited;
  samples.set(id, sampleOf(isNew ? undefined : last, reading, queued(server, model)));
  const copies = ready.reduce((sum, one) => sum + copiesOf(fleet, one), 0);
  fleet.utilisations.set(
    model,
    utilisationAfter(before, samples, { copies, isChanging: isNew || all.some(isArriving), now }),
  );
}

/** Whether a copy is on its way: nothing follows from how hard the others are used before it takes its part. */
const isArriving = (replica: Replica): boolean =>
  replica.phase !== 'ready' && replica.phase !== 'draining' && replica.phase !== 'unloading';

/** The gauge of the metrics; null where they do not answer, and where it may show the queue of a hidden copy. */
const queued = ({ metricsAnswered, pending, hidden }: Server, model: ModelId): number | null =>
  metricsAnswered && !hidden.some((copy) => copy.model === model) ? (pending.get(model) ?? 0) : null;

/** Without a gauge the queue is as long as requests have waited in it meanwhile, by Little's law. */
function sampleOf(last: Sample | undefined, reading: UtilisationCounts, gauge: number | null): Sample {
  const { at, served, waited } = reading;
  if (!last || at <= last.at) return { ...reading, rate: 0, queue: gauge ?? 0 };
  const span = at - last.at;
  return {
    ...reading,
    rate: (1_000 * (served - last.served)) / span,
    queue: gauge ?? (waited - last.waited) / span,
  };
}
