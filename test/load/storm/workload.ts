import type { Class, Millis } from '#core';
import { Random } from '../../simulation/random.js';

/**
 * What the load tests play: a small fleet with many more models than fit, as in a catalogue of fine-tunes of which a few are
 * asked for all the time and most now and then. Sizes and load times are those of small language and vision models on a local
 * disk (a fixed part, and a part that grows with the size); single loads of one model differ, too.
 */
export interface Workload {
  readonly servers: number;
  readonly gpus: number;
  /** What Triton says a GPU has. */
  readonly gpuMb: number;
  /** What of it is not for models; without it `HELD_MB`. */
  readonly heldMb?: number;
  /** The most asked for first. */
  readonly models: readonly StormModel[];
  /** Requests that queue at the most, for all models and for one. */
  readonly queue: number;
  readonly queuePerModel: number;
  readonly loadsPerServer: number;
  readonly loadsPerDevice: number;
  /** Loads of a minute that others may be evicted for on one device. */
  readonly swapsPerMinute: number;
  /** What a model stays at least. */
  readonly residencyMs: Millis;
  /** From the order to unload until the copy has left; without it `UNLOAD_MS`. */
  readonly unloadMs?: Millis;
  /** Standard deviation of the logarithm of the loads of one model. */
  readonly loadSpread: number;
  /** Loads that take far longer, if there are any: which share of all, and how many times the P90. */
  readonly slow?: { readonly share: number; readonly times: number };
}

export interface StormModel {
  readonly name: string;
  readonly mb: number;
  /** The median of its loads. */
  readonly loadMs: Millis;
  readonly class?: Class;
}

/** One request, as it comes whatever became of those before it. */
export interface Arrival {
  /** Since the beginning. */
  readonly at: Millis;
  readonly model: string;
  readonly class: Class;
  /** How long it can wait. */
  readonly wait: Millis;
  /** How long its route is used. */
  readonly lease: Millis;
}

/** For how long the load is so much; a load of 1 asks for as many cold models a second as the load slots can load. */
export interface Phase {
  readonly lasts: Millis;
  readonly load: number;
}

const MODELS = 240;
const GIB_MB = 1_024;
const SIZES_GIB = [2, 2, 3, 3, 4, 5, 6];
const FIXED_LOAD_MS = 400;
const LOAD_MS_PER_GIB = 320;
/** Standard deviation of the logarithm: among models of one size, and among the loads of one model. */
const SPREAD_OF_MODELS = 0.25;
const SPREAD_OF_LOADS = 0.15;
export const UNLOAD_MS = 200;
/** Popularity falls with the rank to this power. */
const ZIPF = 0.8;
/** What a bare server holds of a GPU, and what Berth leaves free of it. */
export const BASELINE_MB = 400;
const HEADROOM_MB = 1_024;
export const HELD_MB = BASELINE_MB + HEADROOM_MB;
/** What a model stays at least: short, so that load slots are what is scarce. */
const RESIDENCY_MS: Millis = 2_000;
/** Loads of a minute that others may be evicted for on one device: more than it has time for. */
const SWAPS_PER_MINUTE = 60;
/** How long a route is used. */
const LEASE_MS: Millis = 1_000;
/** Callers differ in patience by an order of magnitude. */
const WAITS: readonly [Millis, Millis] = [2_000, 20_000];
/** Critical requests alone are well below what can be loaded, so that all of them could be served. */
const CRITICAL = 0.04;
const SHEDDABLE = 0.3;

/** The fleet and its models, the same for the same seed. */
export function drawWorkload(seed: number): Workload {
  const random = new Random(seed, 'models');
  const models = Array.from({ length: MODELS }, (_, at) => {
    const gib = random.pick(SIZES_GIB);
    const typical = FIXED_LOAD_MS + LOAD_MS_PER_GIB * gib;
    return {
      name: `m${at}`,
      mb: gib * GIB_MB,
      loadMs: Math.round(typical * Math.exp(SPREAD_OF_MODELS * normal(random))),
    };
  });
  return {
    ...{ servers: 4, gpus: 2, gpuMb: 24 * GIB_MB, models },
    ...{ queue: 1_000, queuePerModel: 100 },
    ...{ loadsPerServer: 2, loadsPerDevice: 1, swapsPerMinute: SWAPS_PER_MINUTE },
    ...{ residencyMs: RESIDENCY_MS, loadSpread: SPREAD_OF_LOADS },
  };
}

/** Cold models a second that the load slots can load: slots over the mean load, when nothing else takes time. */
export function capacityOf(workload: Workload): number {
  const { servers, gpus, loadsPerServer, loadsPerDevice, models } = workload;
  const slots = servers * Math.min(loadsPerServer, gpus * loadsPerDevice);
  const meanMs = models.reduce((sum, { loadMs }) => sum + loadMs, 0) / models.length;
  const mean = (meanMs * Math.exp(workload.loadSpread ** 2 / 2)) / 1_000;
  return slots / mean;
}

/**
 * Requests a second at a load of 1. Those that the best choice of models could answer warm come on top, so that at least as
 * many are cold as the slots can load.
 */
export function rateOf(workload: Workload): number {
  return capacityOf(workload) / (1 - warmShare(workload));
}

/** What there is for models on each GPU. */
export const modelRoomMb = (workload: Workload): number => workload.gpuMb - heldMb(workload);

export const heldMb = (workload: Workload): number => workload.heldMb ?? HELD_MB;

/** The share of requests for the most asked for models, as many as fit. */
function warmShare(workload: Workload): number {
  const { servers, gpus, models } = workload;
  let room = servers * gpus * modelRoomMb(workload);
  const weights = zipf(models.length);
  let warm = 0;
  for (const [at, { mb }] of models.entries()) {
    if ((room -= mb) < 0) break;
    warm += weights[at]!;
  }
  return warm / weights.reduce((sum, one) => sum + one, 0);
}

/** Poisson arrivals through the phases, the same for the same seed. */
export function drawArrivals(workload: Workload, phases: readonly Phase[], seed: number): Arrival[] {
  const random = new Random(seed, 'arrivals');
  const pick = picker(workload.models);
  const perMs = rateOf(workload) / 1_000;
  const arrivals: Arrival[] = [];
  let began = 0;
  for (const { lasts, load } of phases) {
    const gap = (): Millis => -Math.log(1 - random.next()) / (perMs * load);
    for (let at = began + gap(); at < began + lasts; at += gap()) arrivals.push(draw(random, at, pick));
    began += lasts;
  }
  return arrivals;
}

function draw(random: Random, at: Millis, pick: (share: number) => string): Arrival {
  const model = pick(random.next());
  const kind = random.next();
  const of: Class = kind < CRITICAL ? 'critical' : kind < CRITICAL + SHEDDABLE ? 'sheddable' : 'default';
  const [least, most] = WAITS;
  const wait = Math.round(least * (most / least) ** random.next());
  return { at, model, class: of, wait, lease: LEASE_MS };
}

const zipf = (count: number): number[] => Array.from({ length: count }, (_, at) => (at + 1) ** -ZIPF);

/** The model at a share of all requests, from 0 up to 1. */
function picker(models: readonly StormModel[]): (share: number) => string {
  let sum = 0;
  const sums = zipf(models.length).map((weight) => (sum += weight));
  return (share) => models[sums.findIndex((upTo) => share * sum < upTo)]!.name;
}

/** Box and Muller. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
