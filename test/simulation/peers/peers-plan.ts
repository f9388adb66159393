import { emptyFleet, type ModelSettings } from '#core';
import { aModel } from '../../support/builders.js';
import { ON_ONE_GPU } from '../../support/on-one-gpu.js';
import { plainServer } from '../plain-server.js';
import type { PlannedModel, PlannedServer } from '../plan.js';
import { Random } from '../random.js';

const GIB = 2 ** 30;
const DEFAULTS: ModelSettings = { ...emptyFleet().defaults, hostBytes: 0 };

/** What goes wrong, and for how long. `whom`: the leader, or any peer. */
type Trouble =
  | { readonly kind: 'failOver' | 'emptied' }
  | {
      readonly kind: 'redisKilled' | 'redisPaused' | 'redisParted' | 'unconfirmed' | 'redisAway';
      readonly ms: number;
    }
  | {
      readonly kind: 'paused' | 'crashed' | 'stopped' | 'isolated';
      readonly whom: 'leader' | 'any';
      readonly ms: number;
    }
  | { readonly kind: 'serverKilled' | 'serverParted'; readonly ms: number };

/** What goes wrong, and when. */
export type DatedTrouble = Trouble & { readonly at: number };

/** A small fleet for several peers, and what goes wrong with all of it. */
export interface PeersPlan {
  readonly seed: number;
  readonly storm: number;
  readonly servers: readonly PlannedServer[];
  readonly models: readonly PlannedModel[];
  readonly limits: ReturnType<typeof emptyFleet>['limits'];
  readonly defaults: ModelSettings;
  readonly troubles: readonly DatedTrouble[];
}

export function peersPlan(seed: number): PeersPlan {
  const random = new Random(seed, 'peers');
  const storm = 240_000;
  const gpus = random.between(1, 2);
  return {
    seed,
    storm,
    servers: Array.from({ length: random.between(2, 3) }, (_, at) =>
      plainServer(`s${at}`, { gpus, bytes: 24 * GIB, headroom: GIB }),
    ),
    models: Array.from({ length: 8 }, (_, at) => drawModel(random, `m${at}`, at < 2)),
    limits: emptyFleet().limits,
    defaults: DEFAULTS,
    troubles: [...drawRedis(random, storm), ...drawOthers(random, storm)].toSorted((a, b) => a.at - b.at),
  };
}

/** Honest about its size; the first ones are pinned. */
function drawModel(random: Random, name: string, isPinned: boolean): PlannedModel {
  const gib = random.between(3, 10);
  return {
    model: aModel(name, {
      ...DEFAULTS,
      ...{ gpuBytes: gib * GIB, gpuDeclared: true, hostDeclared: true, config: JSON.stringify(ON_ONE_GPU) },
      idleUnload: random.between(15, 60) * 1_000,
      minResidency: random.pick([0, 5_000]),
      pinnedCopies: isPinned ? 1 : 0,
    }),
    disk: {
      name,
      config: ON_ONE_GPU,
      gpuBytes: Math.floor(gib * GIB * 0.9),
      loadMs: random.between(800, 8_000),
    },
    isDeclared: true,
    fitsDefaults: true,
  };
}

/** One after the other: what failed last has healed, and its replicas have caught up. */
function drawRedis(random: Random, storm: number): DatedTrouble[] {
  const found: DatedTrouble[] = [];
  for (let at = random.between(12_000, 30_000); at < storm - 40_000; at += random.between(38_000, 60_000)) {
    const kind = random.pick([
      ...(['failOver', 'emptied', 'redisKilled', 'redisPaused'] as const),
      ...(['redisParted', 'unconfirmed', 'redisAway'] as const),
    ]);
    if (kind === 'failOver' || kind === 'emptied') found.push({ at, kind });
    else found.push({ at, kind, ms: lastsFor(random, kind) });
  }
  return found;
}

/** A split lasts long enough, now and then, for the others to have a leader of their own. */
function lastsFor(random: Random, kind: Trouble['kind']): number {
  if (kind === 'redisKilled') return 15_000;
  return kind === 'redisParted' ? random.between(8_000, 36_000) : random.spread(1_000, 25_000);
}

function drawOthers(random: Random, storm: number): DatedTrouble[] {
  const found: DatedTrouble[] = [];
  for (let at = random.between(8_000, 20_000); at < storm; at += random.between(9_000, 30_000)) {
    const kind = random.pick([
      ...(['paused', 'paused', 'crashed', 'stopped', 'isolated'] as const),
      ...(['serverKilled', 'serverParted'] as const),
    ]);
    const ms = random.spread(500, 25_000);
    if (kind === 'serverKilled' || kind === 'serverParted') found.push({ at, kind, ms });
    else found.push({ at, kind, ms, whom: random.chance(0.6) ? 'leader' : 'any' });
  }
  return found;
}
