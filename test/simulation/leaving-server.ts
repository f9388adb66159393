import { emptyFleet, type ModelSettings } from '#core';
import { aModel, aServer } from '../support/builders.js';
import { ON_ONE_GPU } from '../support/on-one-gpu.js';
import type { HappeningOf } from './happenings.js';
import { plainServer } from './plain-server.js';
import type { Plan, PlannedModel } from './plan.js';
import { Random } from './random.js';

const MIB = 2 ** 20;
const SERVERS = 5;
const GPUS = 2;
const GPU_BYTES = 24 * 1024 * MIB;
const HEADROOM = 1024 * MIB;
/** Of 3 GiB each: 60 % of what may be booked on ten GPUs. */
const MODELS = 46;
const MODEL_BYTES = 3 * 1024 * MIB;

/** The server that leaves, when that is told, and how long it is there from then on. */
export const LEAVING = { server: 's0', at: 240_000, within: 60_000 } as const;

const DEFAULTS: ModelSettings = { ...emptyFleet().defaults, hostBytes: 0, idleUnload: null };

/**
 * A fleet that is 60 % full, all of which is asked for, some models often and most seldom. One of five servers leaves and says
 * so a minute before. Loads take 4 to 16 s.
 */
export function leavingServer(seed: number): Plan {
  const storm = LEAVING.at + LEAVING.within + 30_000;
  const models = drawModels(new Random(seed, 'models'));
  const asks = [...warmUp(models), ...drawAsks(new Random(seed, 'asks'), models, storm)];
  const drain: HappeningOf<'drain'> = {
    ...{ at: LEAVING.at, kind: 'drain', within: LEAVING.within },
    server: aServer(LEAVING.server).id,
  };
  return {
    version: 1,
    seed,
    grain: 0,
    storm,
    atLeast: storm,
    servers: Array.from({ length: SERVERS }, (_, at) =>
      plainServer(`s${at}`, { gpus: GPUS, bytes: GPU_BYTES, headroom: HEADROOM }),
    ),
    models,
    limits: emptyFleet().limits,
    defaults: DEFAULTS,
    happenings: [...asks, drain].toSorted((one, other) => one.at - other.at),
  };
}

const drawModels = (random: Random): PlannedModel[] =>
  Array.from({ length: MODELS }, (_, at) => {
    const name = `m${at}`;
    return {
      model: aModel(name, {
        ...DEFAULTS,
        ...{
          gpuBytes: MODEL_BYTES,
          gpuDeclared: true,
          hostDeclared: true,
          config: JSON.stringify(ON_ONE_GPU),
        },
      }),
      disk: {
        name,
        config: ON_ONE_GPU,
        gpuBytes: Math.floor(MODEL_BYTES * 0.9),
        loadMs: 4_000 + Math.floor(12_000 * random.next()),
      },
      isDeclared: true,
      fitsDefaults: true,
    };
  });

/** Each model is asked for once in the first seconds, by a caller that has time. */
const warmUp = (models: readonly PlannedModel[]): HappeningOf<'ask'>[] =>
  models.map(({ model: { id } }, nth) => ask(5_000 + nth, id));

/** Five a second. Half of all go to a fifth of the models. */
function drawAsks(random: Random, models: readonly PlannedModel[], storm: number): HappeningOf<'ask'>[] {
  const asks: HappeningOf<'ask'>[] = [];
  for (let at = LEAVING.at / 2; at < storm; at += random.pause(200))
    asks.push(ask(Math.floor(at), random.pickEarly(models, 2).model.id));
  return asks;
}

const ask = (at: number, model: HappeningOf<'ask'>['model']): HappeningOf<'ask'> => ({
  ...{ at, kind: 'ask', model, count: 1, version: null, wait: null, lease: 10_000, avoid: [] },
  ...{ useAfter: 100, giveUpAfter: null, retries: 5, retryAfter: null },
});
