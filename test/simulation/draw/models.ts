import {
  emptyFleet,
  type Event,
  fitPins,
  type Fleet,
  type Model,
  type ModelId,
  type ModelSettings,
} from '#core';
import type { ConfigJson, SimulatedModel } from '#triton-simulator';
import type { PlannedModel, PlannedServer } from '../plan.js';
import type { Random } from '../random.js';
import { near, type Temper } from './settings.js';
import { decide } from '../../support/decide.js';

const MIB = 2 ** 20;

/** What models are drawn for. */
export interface Site {
  readonly servers: readonly PlannedServer[];
  readonly defaults: ModelSettings;
  readonly temper: Temper;
}

export function drawModels(random: Random, site: Site): PlannedModel[] {
  const count = random.chance(0.8) ? random.between(2, 11) : random.between(12, 24);
  const shares = random.pick(SHARES);
  const plain = Array.from({ length: count }, (_, at) =>
    drawModel(random, `m${at}`, random.pick(shares), site),
  );
  const models = [...plain, ...drawEnsembles(random, plain, site)];
  return pinSome(random, site.servers, models);
}

/** Some seeds have an ensemble, some of those another one that shares a step with it. */
function drawEnsembles(random: Random, plain: readonly PlannedModel[], site: Site): PlannedModel[] {
  if (!random.chance(0.4)) return [];
  const names = [random.pick(plain), random.pick(plain)].map(({ disk }) => disk.name);
  const one = drawEnsemble(random, 'ensemble', names, site);
  if (!random.chance(0.4)) return [one];
  const shared = [names[0]!, random.pick(plain).disk.name];
  return [one, drawEnsemble(random, 'ensemble2', shared, site)];
}

/** How much of a device models take in one seed: all sorts, crumbs, or so much that hardly two go together. */
const SHARES: readonly (readonly number[])[] = [
  [0.02, 0.1, 0.2, 0.3, 0.45, 0.6, 0.95, 1],
  [0.02, 0.1, 0.2, 0.3, 0.45, 0.6, 0.95, 1],
  [0.01, 0.02, 0.05],
  [0.3, 0.34, 0.45],
  [0.5, 0.6, 0.95, 1],
];

function drawModel(
  random: Random,
  name: string,
  share: number,
  { servers, defaults, temper }: Site,
): PlannedModel {
  const isDeclared = random.chance(0.8);
  const largest = isDeclared ? roomOn(random.pick(servers)) : defaults.gpuBytes;
  const gpuBytes = Math.max(50 * MIB, Math.floor((largest * share) / MIB) * MIB);
  const hostBytes = random.between(50, 1000) * MIB;
  const loadMs = random.spread(50, temper.load);
  const disk: SimulatedModel = {
    name,
    gpuBytes: Math.floor(gpuBytes * (0.7 + 0.3 * random.next())),
    hostBytes: Math.floor((hostBytes * 0.9) / mostInstances(servers)),
    loadMs,
    unloadMs: random.pick([50, 1_100, 2_500]),
    inferMs: random.pick([5, 50, 900]),
    config: configOnDisk(random, servers),
  };
  const declared = mayBeOnHost(servers, disk) ? gpuBytes + hostBytes : hostBytes;
  const model = modelOf(random, name, { gpuBytes, hostBytes: declared, loadMs }, { defaults, temper });
  return {
    model: { ...model, ...drawDeclared(random, model, disk, defaults) },
    disk,
    isDeclared,
    fitsDefaults: gpuBytes <= defaults.gpuBytes && gpuBytes + hostBytes <= defaults.hostBytes,
  };
}

/**
 * Of some models only one of the sizes is declared, where the default is honest for the other one also once it was
 * measured; and some of those on a processor are declared to need no GPU.
 */
function drawDeclared(
  random: Random,
  { hostBytes, config }: Model,
  disk: SimulatedModel,
  defaults: ModelSettings,
): Partial<Model> {
  const which = random.pick(['both', 'both', 'both', 'gpu', 'host', 'none'] as const);
  const isSmall = disk.gpuBytes! <= 0.7 * defaults.gpuBytes;
  if (which === 'host' && isSmall) return { gpuBytes: defaults.gpuBytes, gpuDeclared: false };
  if (which === 'none' && isOnCpu(disk) && config === null) return { gpuBytes: 0 };
  if (which !== 'gpu' || hostBytes > defaults.hostBytes) return {};
  return { hostBytes: defaults.hostBytes, hostDeclared: false };
}

/** An autoscaler brings no more GPUs to a server. */
const MAX_DEVICES = 8;

/**
 * What is declared of the host's memory is for a whole replica, and a plain load brings an instance to each GPU there is:
 * on servers whose host is limited all of them together must keep to it, or the sizes are not honest.
 */
function mostInstances(servers: readonly PlannedServer[]): number {
  const counts = servers
    .filter(({ spec }) => spec.hostMemory !== null)
    .map(({ spec, setup }) => (spec.devices === null ? MAX_DEVICES : setup.devices.length));
  return Math.max(1, ...counts);
}

function roomOn({ setup, spec }: PlannedServer): number {
  if (setup.devices.length === 0) return setup.hostMemoryBytes * 0.5;
  const headroom = spec.devices?.[0]?.headroom ?? 1024 * MIB;
  return setup.devices[0]!.memoryBytes - headroom;
}

/** On a server without GPUs, and with KIND_CPU, all of a model is in the host's memory. */
export const mayBeOnHost = (servers: readonly PlannedServer[], disk: SimulatedModel): boolean =>
  servers.some(({ setup }) => setup.devices.length === 0) || isOnCpu(disk);

const isOnCpu = ({ config }: SimulatedModel): boolean => JSON.stringify(config).includes('KIND_CPU');

const BASE = {
  backend: 'onnxruntime',
  max_batch_size: 0,
  input: [{ name: 'IN', data_type: 'TYPE_FP32', dims: [-1] }],
  output: [{ name: 'OUT', data_type: 'TYPE_FP32', dims: [-1] }],
};

function configOnDisk(random: Random, servers: readonly PlannedServer[]): ConfigJson {
  const allHaveGpus = servers.every(({ setup }) => setup.devices.length > 0);
  if (allHaveGpus && random.chance(0.3))
    return { ...BASE, instance_group: [{ kind: 'KIND_GPU', count: 1, gpus: [0] }] };
  return random.chance(0.15) ? { ...BASE, instance_group: [{ kind: 'KIND_CPU', count: 1 }] } : BASE;
}

function modelOf(
  random: Random,
  name: string,
  { gpuBytes, hostBytes, loadMs }: { gpuBytes: number; hostBytes: number; loadMs: number },
  { defaults, temper }: Pick<Site, 'defaults' | 'temper'>,
): Model {
  return {
    ...defaults,
    id: name as ModelId,
    source: 'declared',
    gpuBytes,
    hostBytes,
    gpuDeclared: true,
    hostDeclared: true,
    idleUnload: random.chance(0.9) ? near(random, temper.idle, 1_000, 3_600_000) : null,
    idleMode: random.chance(0.85) ? 'strict' : 'soft',
    loadTimeout: loadMs + random.between(2, 20) * 1_000,
    minResidency: random.chance(0.5) ? 0 : random.between(0, temper.residency),
    class: random.chance(0.8) ? 'default' : random.pick(['critical', 'sheddable']),
    coldStart: {
      policy: random.chance(0.85) ? 'queue' : 'shed',
      maxQueue: random.chance(0.5) ? temper.queue : random.spread(1, temper.queue),
      maxWait: near(random, temper.wait, 100, 600_000),
      loadWhenShed: random.chance(0.7),
    },
    pinnedCopies: 0,
    minCopies: 0,
    maxCopies: null,
    dependsOn: [],
    needsDeclared: false,
    spread: null,
    require: random.chance(0.1) ? { tier: random.pick(['a', 'b']) } : {},
    deviceSets: [],
    config: random.chance(0.4) ? JSON.stringify(BASE) : null,
  };
}

/** Books nothing of its own once it is known to be one, so its sizes are not declared. */
function drawEnsemble(random: Random, name: string, steps: readonly string[], site: Site): PlannedModel {
  const { gpuBytes, hostBytes } = site.defaults;
  const model = modelOf(random, name, { gpuBytes, hostBytes, loadMs: 10_000 }, site);
  const dependsOn = random.chance(0.4) ? ([...new Set(steps)] as ModelId[]) : [];
  return {
    model: { ...model, gpuDeclared: false, hostDeclared: false, config: null, dependsOn },
    disk: { name, steps: [...new Set(steps)] },
    isDeclared: random.chance(0.8),
    fitsDefaults: true,
  };
}

/** Pins a few, as many as can all be kept. */
function pinSome(
  random: Random,
  servers: readonly PlannedServer[],
  models: readonly PlannedModel[],
): PlannedModel[] {
  const fleet = fleetOf(servers, models);
  const wanted = random.between(0, 3);
  const pinned: PlannedModel[] = [];
  for (const planned of models) {
    const copies = random.chance(0.8) ? 1 : 2;
    const next = { ...planned, model: { ...planned.model, pinnedCopies: copies } };
    const isKnown = planned.disk.steps === undefined || planned.model.dependsOn.length > 0;
    const isChosen = isKnown && planned.isDeclared && pinned.length < wanted && random.chance(0.5);
    if (
      isChosen &&
      fitPins(
        fleet,
        [...pinned, next].map(({ model }) => model),
      ).fits
    )
      pinned.push(next);
  }
  return models.map((planned) => pinned.find(({ disk }) => disk.name === planned.disk.name) ?? planned);
}

/** The servers as Berth would remember them. */
function fleetOf(servers: readonly PlannedServer[], models: readonly PlannedModel[]): Fleet {
  const fleet = emptyFleet();
  const repository = models.map(({ model }) => model.id);
  const events = servers.flatMap(({ spec, setup }): Event[] => [
    { kind: 'ServerDeclared', server: spec },
    {
      kind: 'ServerRemembered',
      server: spec.id,
      repository,
      devices:
        setup.devices.length === 0
          ? [{ ordinal: 0, uuid: null, kind: 'cpu', capacity: setup.hostMemoryBytes }]
          : setup.devices.map(({ ordinal, uuid, memoryBytes }) => ({
              ordinal,
              uuid,
              kind: 'gpu',
              capacity: memoryBytes - 1024 * MIB,
            })),
    },
  ]);
  decide(fleet, events, 0);
  return fleet;
}
