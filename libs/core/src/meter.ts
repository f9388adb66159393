import type { ModelId } from './ids.js';
import type { Bytes, Instant } from './model.js';
import type { Replica } from './replica.js';
import type { Server } from './server.js';

/**
 * What one GPU shows of its memory beside what we book on it, in the present incarnation of its server. How much is in
 * use says whose it is only *at rest*: when nothing of ours has begun or ended there for a while.
 */
export interface Meter {
  /** How often something of ours began or ended to take or give back memory there, and how many of these the last sample knew of. */
  moves: number;
  movesSeen: number;
  /** When the last of them was noticed. */
  movedAt: Instant;
  /** The last two samples at rest. */
  samples: readonly Bytes[];
  /** The last load that began at rest: what it takes is seen when it has ended and nothing else has moved. */
  trial: Trial | null;
  /** An unload of what was measured: its memory has to be seen coming back. */
  release: (Trial & { readonly bytes: Bytes }) | null;
  /** Bytes in use that no replica of ours explains; null until it was first at rest. */
  foreign: Bytes | null;
  /** Bytes that unloads did not give back. */
  residue: Bytes;
}

/** Something that is to change how much is in use. */
export interface Trial {
  readonly model: ModelId;
  /** In use before. */
  readonly before: Bytes;
  /** The count of moves when it has ended and nothing else has moved; null where something moved already as it began. */
  readonly endsAt: number | null;
}

/** What loads of a model were seen to take on one device. */
export interface Footprint {
  readonly peak: Bytes;
  /** How often it was measured. */
  readonly times: number;
}

/** The meter of a device; a new one knows nothing. */
export function meterOf(server: Server, ordinal: number): Meter {
  const known = server.meters.get(ordinal);
  if (known) return known;
  const meter: Meter = {
    moves: 0,
    movesSeen: 0,
    movedAt: -Infinity,
    samples: [],
    trial: null,
    release: null,
    foreign: null,
    residue: 0,
  };
  server.meters.set(ordinal, meter);
  return meter;
}

/** Another process of the server: nothing of ours is left, what others hold is taken to be the same until it is seen. */
export function resetMeters(server: Server): void {
  server.measured.clear();
  for (const meter of server.meters.values()) {
    Object.assign(meter, { samples: [], trial: null, release: null, residue: 0 } satisfies Partial<Meter>);
    meter.moves += 1;
  }
}

/** What is in use at rest: the smaller of two samples; null where something has moved since. */
export const atRest = ({ moves, movesSeen, samples }: Meter): Bytes | null =>
  moves === movesSeen && samples.length === 2 ? Math.min(...samples) : null;

/** What others and what never came back take of a device's capacity. */
export const takenByOthers = (server: Server, ordinal: number): Bytes => {
  const meter = server.meters.get(ordinal);
  return meter ? (meter.foreign ?? 0) + meter.residue : 0;
};

/** Bytes that a copy was measured to hold on a device; null where that is not known. */
export const measuredOn = (server: Server, model: ModelId, ordinal: number): Bytes | null =>
  server.measured.get(model)?.get(ordinal) ?? null;

/** How memory moves with a replica: it holds none, takes it, holds it, gives it back, or nobody knows. */
type Motion = 'none' | 'taking' | 'holding' | 'giving' | 'unknown';

function motionOf(replica: Replica | undefined): Motion {
  switch (replica?.phase) {
    case undefined:
    case 'placed':
      return 'none';
    case 'loading':
      return 'taking';
    case 'ready':
      return replica.change?.order ? 'taking' : 'holding';
    case 'draining':
      return 'holding';
    case 'unloading':
      return 'giving';
    case 'unknown':
      return 'unknown';
  }
}

/** Tells the meters of a server that a replica takes, holds or gives back memory from now on. */
export function noteMotion(
  server: Server | undefined,
  before: Replica | undefined,
  after: Replica | undefined,
): void {
  const was = motionOf(before);
  const is = motionOf(after);
  if (!server || was === is) return;
  for (const { kind, ordinal, used } of server.devices ?? []) {
    if (kind !== 'gpu' || (!touches(before, ordinal) && !touches(after, ordinal))) continue;
    const meter = meterOf(server, ordinal);
    const model = (after ?? before)!.model;
    if (was === 'none' && is === 'taking') beginTrial(meter, model);
    if (is === 'giving') beginRelease(meter, model, used, measuredOn(server, model, ordinal));
    meter.moves += 1;
  }
  if (is === 'none') server.measured.delete((after ?? before)!.model);
}

const touches = (replica: Replica | undefined, ordinal: number): boolean =>
  replica !== undefined &&
  (replica.devices.includes(ordinal) ||
    (replica.phase === 'ready' && (replica.change?.devices.includes(ordinal) ?? false)));

/** Beginning and ending are a move each. */
function beginTrial(meter: Meter, model: ModelId): void {
  const before = atRest(meter);
  meter.trial = before === null ? null : { model, before, endsAt: meter.moves + 2 };
}

function beginRelease(meter: Meter, model: ModelId, used: Bytes | null, bytes: Bytes | null): void {
  const resting = atRest(meter);
  const before = resting ?? used;
  const isKnown = before !== null && bytes !== null;
  meter.release = isKnown
    ? { model, before, bytes, endsAt: resting === null ? null : meter.moves + 1 }
    : null;
}
