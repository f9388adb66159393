import { emptyFleet, type ModelSettings } from '#core';
import { aModel } from '../support/builders.js';
import { ON_ONE_GPU } from '../support/on-one-gpu.js';
import type { HappeningOf } from './happenings.js';
import { plainServer } from './plain-server.js';
import type { Plan, PlannedModel } from './plan.js';
import { Random } from './random.js';

const MIB = 2 ** 20;
const SERVERS = 8;
const GPUS = 8;
/** What an L40S has, and what is kept free of it for the server itself. */
const GPU_BYTES = 48 * 1024 * MIB;
const HEADROOM = 1024 * MIB;
const MODELS = 1_000;

/**
 * Sizes in MiB of models that people serve, with their share in the mix: parameters of the public model cards times bytes
 * per parameter, and an allowance for workspace.
 */
const SIZES: readonly (readonly [mib: number, share: number])[] = [
  [310, 4],
  [420, 6],
  [450, 5],
  [560, 3],
  [640, 5],
  [900, 7],
  [1_400, 4],
  [1_600, 3],
  [1_900, 4],
  [2_300, 3],
  [3_400, 3],
  [4_300, 2],
  [4_700, 3],
  [5_200, 4],
  [9_800, 3],
  [10_300, 3],
  [10_500, 2],
  [19_500, 3],
  [21_000, 4],
  [28_000, 1],
  [36_000, 2],
];

const DEFAULTS: ModelSettings = { ...emptyFleet().defaults, hostBytes: 0, idleUnload: null };

/**
 * A fleet of 64 GPUs with a thousand models of real sizes, nearly twice what fits, all asked for, some often and most
 * seldom: nothing breaks here, but memory is always wanted.
 */
export function fullFleet(seed: number, hours: number): Plan {
  const storm = hours * 3_600_000;
  const models = drawModels(new Random(seed, 'models'));
  return {
    version: 1,
    seed,
    grain: 500,
    storm,
    atLeast: storm,
    servers: Array.from({ length: SERVERS }, (_, at) =>
      plainServer(`s${at}`, { gpus: GPUS, bytes: GPU_BYTES, headroom: HEADROOM }),
    ),
    models,
    limits: { ...emptyFleet().limits, loadsPerServer: 4 },
    defaults: DEFAULTS,
    happenings: drawAsks(new Random(seed, 'asks'), models, storm),
  };
}

/** What they take is 70 to 100 % of what is declared; a load takes 2 s and a second for each 1,500 MiB. */
function drawModels(random: Random): PlannedModel[] {
  const mix = SIZES.flatMap(([mib, share]) => Array.from({ length: share }, () => mib));
  return Array.from({ length: MODELS }, (_, at) => {
    const name = `m${at}`;
    const mib = random.pick(mix);
    const used = Math.floor(mib * (0.7 + 0.3 * random.next()));
    return {
      model: aModel(name, {
        ...DEFAULTS,
        ...{ gpuBytes: mib * MIB, gpuDeclared: true, hostDeclared: true, config: JSON.stringify(ON_ONE_GPU) },
      }),
      disk: { name, config: ON_ONE_GPU, gpuBytes: used * MIB, loadMs: 2_000 + Math.floor(mib / 1.5) },
      isDeclared: true,
      fitsDefaults: true,
    };
  });
}

/** One every two seconds. Half of all go to a tenth of the models, and every one is asked for now and then. */
function drawAsks(random: Random, models: readonly PlannedModel[], storm: number): HappeningOf<'ask'>[] {
  const asks: HappeningOf<'ask'>[] = [];
  for (let at = random.pause(2_000); at < storm; at += random.pause(2_000)) {
    const { id: model } = random.pickEarly(models, 3).model;
    asks.push({
      ...{ at, kind: 'ask', model, count: 1, version: null, wait: null, lease: 10_000, avoid: [] },
      ...{ useAfter: 100, giveUpAfter: null, retries: 0, retryAfter: null },
    });
  }
  return asks;
}
