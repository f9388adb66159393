import type { Millis } from '#core';
import { Random } from '../../simulation/random.js';
import { ONE_IN_10 } from '../storm/virtual-fleet.js';
import { HELD_MB, type StormModel, type Workload } from '../storm/workload.js';

const GIB_MB = 1_024;
/** Of the loads of one model: P90 over P50. */
const SPREAD = 1.2;
/** More than any device has time for: the limit is no part of what is measured. */
const SWAPS_PER_MINUTE = 10_000;
const QUEUE = 20_000;
const RESIDENCY: Millis = 1_000;
export const SWAP_UNLOAD_MS: Millis = 300;
const USUAL = {
  ...{ queue: QUEUE, queuePerModel: QUEUE, loadsPerDevice: 1, swapsPerMinute: SWAPS_PER_MINUTE },
  ...{ residencyMs: RESIDENCY, loadSpread: Math.log(SPREAD) / ONE_IN_10, unloadMs: SWAP_UNLOAD_MS },
};

const CALM = { servers: 2, gpus: 2, places: 3, models: 60, modelMb: 4 * GIB_MB };
export const CALM_LOAD_MS: Millis = 1_300;

/** Two servers of two GPUs with three places each, and 60 models of one size. */
export function calmFleet(): Workload {
  const { servers, gpus, places, models, modelMb } = CALM;
  return {
    ...{ ...USUAL, servers, gpus, gpuMb: places * modelMb + HELD_MB, loadsPerServer: gpus },
    models: Array.from({ length: models }, (_, at) => {
      return { name: `m${at}`, mb: modelMb, loadMs: CALM_LOAD_MS };
    }),
  };
}

const CHURN = { servers: 3, gpus: 4, roomMb: 26 * GIB_MB, models: 120 };
const SIZES_GIB = [2, 2, 3, 3, 4, 5, 6];
const FIXED_LOAD_MS = 400;
const LOAD_MS_PER_GIB = 320;

/** Twelve GPUs, and 120 models of several sizes. */
export function churnFleet(seed: number): Workload {
  const random = new Random(seed, 'churn models');
  const { servers, gpus, roomMb, models } = CHURN;
  return {
    ...{ ...USUAL, servers, gpus, gpuMb: roomMb + HELD_MB, loadsPerServer: gpus },
    models: Array.from({ length: models }, (_, at): StormModel => {
      const gib = random.pick(SIZES_GIB);
      return { name: `m${at}`, mb: gib * GIB_MB, loadMs: FIXED_LOAD_MS + LOAD_MS_PER_GIB * gib };
    }),
  };
}

const FULL = { places: 8, modelMb: 2 * GIB_MB, models: 24 };

/** One GPU of 16 GiB with eight places, all of it for models. */
export function fullFleet(): Workload {
  const { places, modelMb, models } = FULL;
  return {
    ...{ ...USUAL, servers: 1, gpus: 1, gpuMb: places * modelMb, heldMb: 0, loadsPerServer: 1 },
    models: Array.from({ length: models }, (_, at) => {
      return { name: `m${at}`, mb: modelMb, loadMs: CALM_LOAD_MS };
    }),
  };
}
