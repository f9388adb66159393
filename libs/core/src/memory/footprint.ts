import { hostAccount, type ModelId, replicaId } from '../fleet/ids.js';
import { spreadFound } from './device-sets.js';
import { type Fleet, noteOutlivedOn, replicasOf } from '../fleet/fleet.js';
import type { Booking, Ready, Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import type { Bytes } from '../fleet/model.js';
import { cameWith, isUnclaimed } from './pending.js';

/**
 * What a model books on a server with copies on these devices (ordinals). A known ensemble books only what was declared
 * for it, on GPUs and on the host alike. A model books host memory alone where it was declared to need no GPU, where its
 * config says KIND_CPU, and on a `cpu` device.
 */
export function bookingsFor(
  fleet: Readonly<Fleet>,
  server: Server,
  id: ModelId,
  devices: readonly number[],
): Booking[] {
  const model = fleet.models.get(id) ?? fleet.defaults;
  const isHostBooked = model.hostDeclared || !isEnsemble(fleet, id);
  const host = isHostBooked ? [{ account: hostAccount(server.spec.host), bytes: model.hostBytes }] : [];
  const { bytes } = reservationOf(fleet, server, id);
  if (bytes === 0 || isBookedBySteps(fleet, id)) return host;
  const gpus = (server.devices ?? []).filter(
    ({ kind, ordinal }) => kind === 'gpu' && devices.includes(ordinal),
  );
  return [...gpus.map(({ account }) => ({ account, bytes })), ...host];
}

/** Whether a model is known to be an ensemble. */
export const isEnsemble = ({ steps }: Readonly<Fleet>, id: ModelId): boolean =>
  (steps.get(id)?.length ?? 0) > 0;

/** Whether a model is an ensemble that books nothing of its own on GPUs. */
export const isBookedBySteps = (fleet: Readonly<Fleet>, id: ModelId): boolean =>
  isEnsemble(fleet, id) && !(fleet.models.get(id) ?? fleet.defaults).gpuDeclared;

/** Why a model books so much on a GPU. */
export type Basis = 'declared' | 'measured' | 'default';

/** A model whose GPU memory was not declared is booked as measured once it was measured so often. */
const TIMES_MEASURED = 2;

/** A measured size with what it may grow by: 256 MiB or 15 %, whichever is more. */
export const withMargin = (bytes: Bytes): Bytes => bytes + Math.max(256 * 2 ** 20, 0.15 * bytes);

/**
 * What a model books on each GPU that holds a copy, and why. A declared limit holds for all instances together; the
 * default is a guess for each instance (one where no server is given). No model books less than it was measured to take.
 */
export function reservationOf(
  fleet: Readonly<Fleet>,
  server: Server | undefined,
  id: ModelId,
): { readonly bytes: Bytes; readonly basis: Basis } {
  const model = fleet.models.get(id) ?? fleet.defaults;
  const { peak, times } = fleet.footprints.get(id) ?? { peak: 0, times: 0 };
  if (!model.gpuDeclared && times >= TIMES_MEASURED) {
    return { bytes: Math.ceil(withMargin(peak)), basis: 'measured' };
  }
  const told = model.gpuBytes * (model.gpuDeclared ? 1 : instancesOn(server, id));
  const known = Math.max(peak, fleet.outgrown.get(id) ?? 0);
  if (known > told) return { bytes: known, basis: 'measured' };
  return { bytes: told, basis: model.gpuDeclared ? 'declared' : 'default' };
}

const instancesOn = (server: Server | undefined, id: ModelId): number =>
  Math.max(1, server?.configs.get(id)?.count ?? 1);

/** Whether a model is on none of a server's GPUs, since its config says KIND_CPU. */
export const isOnHost = (server: Server, id: ModelId): boolean =>
  server.configs.get(id)?.kind === 'cpu' && (server.devices ?? []).some(({ kind }) => kind === 'gpu');

/** The devices of a model that was found loaded: as declared, else as its config says, else all of them. */
export function devicesFound(fleet: Readonly<Fleet>, server: Server, id: ModelId): readonly number[] {
  const spread = spreadFound(fleet, server, id);
  if (spread) return spread;
  if (isOnHost(server, id)) return [];
  const all = (server.devices ?? []).map(({ ordinal }) => ordinal);
  const config = server.configs.get(id);
  if (config?.kind !== 'gpu' || config.gpus.length === 0) return all;
  const known = config.gpus.filter((gpu) => all.includes(gpu));
  return known.length > 0 ? known : all;
}

const NO_DEPENDENCIES: readonly ModelId[] = [];

/** All models that must be on the same server before a model can serve, through all levels, each once. */
export function dependenciesOf(fleet: Readonly<Fleet>, id: ModelId): readonly ModelId[] {
  if (directDependencies(fleet, id).length === 0) return NO_DEPENDENCIES;
  const found = new Set<ModelId>();
  const visit = (model: ModelId): void => {
    for (const needed of directDependencies(fleet, model)) {
      if (needed === id || found.has(needed)) continue;
      found.add(needed);
      visit(needed);
    }
  };
  visit(id);
  return [...found];
}

export function directDependencies(fleet: Readonly<Fleet>, id: ModelId): readonly ModelId[] {
  const declared = fleet.models.get(id)?.dependsOn ?? [];
  const steps = fleet.steps.get(id) ?? [];
  if (declared.length === 0) return steps;
  return steps.length === 0 ? declared : [...new Set([...declared, ...steps])];
}

/** Updates `fleet.composed` with what is declared and learned of a model. */
export function noteDependencies(fleet: Fleet, id: ModelId): void {
  if (directDependencies(fleet, id).length > 0) fleet.composed.add(id);
  else fleet.composed.delete(id);
  for (const { server } of replicasOf(fleet, id)) noteOutlivedOn(fleet, server);
}

/**
 * Whether a copy serves: Triton takes an ensemble down with a step of it, but not one that has outlived its unload, and that one fails
 * each inference.
 */
export const isWhole = (fleet: Readonly<Fleet>, { outlived, model, server }: Ready): boolean =>
  !outlived ||
  dependenciesOf(fleet, model).every((id) => fleet.replicas.get(replicaId(id, server))?.phase === 'ready');

/** The replicas on the same server that need this one or may need it, through all levels. */
export function dependentsOf(fleet: Readonly<Fleet>, replica: Replica): Replica[] {
  if (fleet.composed.size === 0 && !isUnclaimed(fleet, replica)) return [];
  const found = new Map([[replica.id, replica]]);
  for (const one of found.values()) for (const other of needersOf(fleet, one)) found.set(other.id, other);
  found.delete(replica.id);
  return [...found.values()];
}

/**
 * The replicas that are known to need it, through all levels, and those whose loads it came with. What it is made of itself is
 * none of them: the load of a step brings up an ensemble, too.
 */
function needersOf(fleet: Readonly<Fleet>, replica: Replica): readonly Replica[] {
  const { model, server } = replica;
  const needers = cameWith(fleet, replica).filter((one) => !dependenciesOf(fleet, model).includes(one.model));
  for (const id of fleet.composed) {
    const other = fleet.replicas.get(replicaId(id, server));
    if (other && id !== model && dependenciesOf(fleet, id).includes(model)) needers.push(other);
  }
  return needers;
}

/**
 * The family of a model: itself and all models that ensembles and declared needs tie to it. A server's Triton locks all of these
 * for an order of one, so it carries out their orders one after the other.
 */
export function familyOf(fleet: Readonly<Fleet>, id: ModelId): ReadonlySet<ModelId> {
  const wholes = Array.from(fleet.composed, (model) => [model, ...directDependencies(fleet, model)]);
  const found = new Set([id]);
  for (const one of found) {
    for (const whole of wholes) if (whole.includes(one)) for (const other of whole) found.add(other);
  }
  return found;
}

/** Whether a replica on the same server needs this one, or may need it: that one has to leave first. */
export const isNeeded = (fleet: Readonly<Fleet>, replica: Replica): boolean =>
  needersOf(fleet, replica).length > 0;
