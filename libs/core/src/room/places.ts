import type { LoadConfig } from '../fleet/actions.js';
import type { Fleet } from '../fleet/fleet.js';
import { type Booking, isLeaving, isSeenComing, type Ready, type Replica } from '../fleet/replica.js';
import { labelsMatch, type Server } from '../fleet/server.js';
import { bookingsFor, dependenciesOf, isOnHost } from '../memory/footprint.js';
import { isSpread, spreadFound, spreadOver } from '../memory/device-sets.js';
import { type ModelId, type ReplicaId, replicaId, type ServerId } from '../fleet/ids.js';
import { isQuarantined } from '../memory/limits.js';
import { sumOf } from '../memory/ledger.js';
import type { Model } from '../fleet/model.js';

/** One way to load a model on a server: the devices, what else it needs there, and what all that books. */
export interface Place {
  readonly server: Server;
  readonly devices: readonly number[];
  /** What the model and all that it brings would book, each account once; where a copy is loaded anew, beside what it holds. */
  readonly bookings: readonly Booking[];
  /** The models that it depends on and the server does not hold. */
  readonly coLoaded: readonly ModelId[];
}

/** The sets of devices to load a model onto: as declared, none for KIND_CPU, one each where Berth chooses, else all. */
export function deviceChoices(server: Server, model: Model): readonly (readonly number[])[] {
  if (isSpread(model)) return hasDevicesFor(server, model) ? [spreadOver(server, model)] : [];
  if (model.config === null && isOnHost(server, model.id)) return [[]];
  const all = (server.devices ?? []).map(({ ordinal }) => ordinal);
  return canChoose(server, model) ? all.map((ordinal) => [ordinal]) : [all];
}

/** Whether a server has the devices over which a model is spread; true for a model that is not spread. */
export const hasDevicesFor = (server: Server, model: Model | undefined): boolean =>
  model === undefined || !isSpread(model) || spreadOver(server, model).length > 0;

/** Whether Berth may choose among a server's devices: a base config is declared, or was learned and is KIND_GPU. */
export function canChoose(server: Server, model: Model): boolean {
  const gpus = (server.devices ?? []).filter(({ kind }) => kind === 'gpu');
  if (gpus.length < 2 || isSpread(model)) return false;
  return model.config !== null || server.configs.get(model.id)?.kind === 'gpu';
}

/**
 * The config to send with a load; null: a plain load. There is one only where Berth chooses among several devices or the
 * operator declared it, and never for a `cpu` device or a model that its backend spreads.
 */
export function configFor(server: Server, model: Model, devices: readonly number[]): LoadConfig | null {
  const isGpu = (server.devices ?? []).some(({ kind }) => kind === 'gpu');
  const learned = server.configs.get(model.id);
  if (!isGpu || isSpread(model)) return null;
  if (model.config !== null) return { base: model.config, gpus: devices };
  return canChoose(server, model) ? { base: learned!.json, gpus: devices } : null;
}

/** Every way to load a model on a server that does not hold it in any phase. */
export function placesOn(
  fleet: Readonly<Fleet>,
  server: Server,
  model: Model,
  choices: readonly (readonly number[])[] = deviceChoices(server, model),
): Place[] {
  if (fleet.replicas.has(replicaId(model.id, server.spec.id))) return [];
  if (!server.repository.has(model.id) || !labelsMatch(server, model)) return [];
  const coLoaded = missingDependencies(fleet, server, model.id);
  if (!coLoaded?.every((id) => mayCome(fleet, server, id))) return [];
  return choices.map((devices) => ({
    server,
    devices,
    coLoaded,
    bookings: bookingsWith(fleet, server, model.id, coLoaded, devices),
  }));
}

/** What a model and the models it brings would book together, each account once. */
export function bookingsWith(
  fleet: Readonly<Fleet>,
  server: Server,
  model: ModelId,
  coLoaded: readonly ModelId[],
  devices: readonly number[],
): readonly Booking[] {
  const others = coLoaded.map((id) =>
    bookingsFor(fleet, server, id, devicesOfStep(fleet, server, id, devices)),
  );
  return sumOf([bookingsFor(fleet, server, model, devices), ...others]);
}

/** A replica and what it needs on its server, as far as that is ready. */
export const readyWithNeeds = (fleet: Readonly<Fleet>, { model, server }: Ready): Ready[] =>
  [model, ...dependenciesOf(fleet, model)].flatMap((id) => {
    const replica = fleet.replicas.get(replicaId(id, server));
    return replica?.phase === 'ready' ? [replica] : [];
  });

/** The devices of a step: of those of the model that brings it the first, where Berth may choose, else all. */
export function devicesOfStep(
  fleet: Readonly<Fleet>,
  server: Server,
  id: ModelId,
  devices: readonly number[],
): readonly number[] {
  const model = fleet.models.get(id);
  const spread = spreadFound(fleet, server, id);
  if (spread) return spread;
  const all = (server.devices ?? []).map(({ ordinal }) => ordinal);
  if (!model?.config && isOnHost(server, id)) return [];
  return model && canChoose(server, model) && devices.length > 0 ? devices.slice(0, 1) : all;
}

/** Whether a model could be loaded there: its files are there, and it is loadable. */
export const mayCome = (fleet: Readonly<Fleet>, server: Server, id: ModelId): boolean =>
  server.repository.has(id) && isLoadable(fleet, server, id);

/** Whether its devices are there, and it is neither disabled nor quarantined. */
export const isLoadable = (fleet: Readonly<Fleet>, server: Server, id: ModelId): boolean =>
  fleet.models.get(id)?.enabled !== false &&
  !isQuarantined(fleet, id) &&
  hasDevicesFor(server, fleet.models.get(id));

/** The models that this one depends on and the server does not hold; undefined while one of them is leaving there. */
function missingDependencies(fleet: Readonly<Fleet>, server: Server, id: ModelId): ModelId[] | undefined {
  const missing: ModelId[] = [];
  for (const needed of dependenciesOf(fleet, id)) {
    const there = fleet.replicas.get(replicaId(needed, server.spec.id));
    if (!there) missing.push(needed);
    else if (isGoing(there)) return undefined;
  }
  return missing;
}

/** Whether a replica is leaving, or was last seen absent: no model can depend on it. */
export const isGoing = (replica: Replica): boolean =>
  isLeaving(replica) || (replica.phase === 'unknown' && !isSeenComing(replica));

/**
 * The ensemble whose own load brings a step up; null where the step has a load of its own, before. It has where Berth
 * chooses its device: the load of an ensemble puts a step wherever the step's config on disk says.
 */
export function carrier(
  fleet: Readonly<Fleet>,
  server: Server,
  ensemble: ModelId,
  step: ModelId,
): ReplicaId | null {
  const model = fleet.models.get(step);
  const isChosen = model !== undefined && canChoose(server, model);
  const isStep = fleet.steps.get(ensemble)?.includes(step) ?? false;
  return isStep && !isChosen ? replicaId(ensemble, server.spec.id) : null;
}

/**
 * The places of one kind on a server, worked out when first asked for: in a large fleet most servers are passed over
 * before that.
 */
export class Site {
  private found: readonly Place[] | undefined;

  constructor(
    readonly server: Server,
    private readonly find: () => readonly Place[],
  ) {}

  get places(): readonly Place[] {
    return (this.found ??= this.find());
  }

  /** The same site with only some of its places. */
  where(isMeant: (place: Place) => boolean): Site {
    return new Site(this.server, () => this.places.filter(isMeant));
  }
}

/** The places of all sites on one server. */
export const placesAmong = (sites: readonly Site[], server: ServerId): Place[] =>
  sites.flatMap((site) => (site.server.spec.id === server ? site.places : []));
