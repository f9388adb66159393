import { emptyFleet, type ModelSettings } from '#core';
import { aModel } from '../../support/builders.js';
import { ON_ONE_GPU } from '../../support/on-one-gpu.js';
import { plainServer } from '../plain-server.js';
import type { PlannedModel, PlannedServer } from '../plan.js';
import { Random } from '../random.js';

const GIB = 2 ** 30;
const DEFAULTS: ModelSettings = { ...emptyFleet().defaults, hostBytes: 0 };

/** What goes wrong with Redis, and for how long. */
export type TroubleOfRedis =
  | { readonly kind: 'failOver' | 'emptied' }
  | {
      readonly kind:
        | 'redisKilled'
        | 'redisPaused'
        | 'redisParted'
        /** As when it is parted, but that a replica stays with the old master. */
        | 'redisTorn'
        | 'unconfirmed'
        | 'redisAway';
      readonly ms: number;
    };

/** `whom`: the leader, or any peer. */
type Trouble =
  | TroubleOfRedis
  | {
      readonly kind: 'paused' | 'crashed' | 'stopped' | 'isolated';
      readonly whom: 'leader' | 'any';
      readonly ms: number;
    }
  | { readonly kind: 'serverKilled' | 'serverParted' | 'gatewayCut' | 'gatewayDeaf'; readonly ms: number };

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
  /** Whether routes that are out of date are given, by own looks. */
  readonly servesStale: boolean;
  /** So many gateways watch. */
  readonly gateways: number;
  /** How often each of them acknowledges an event, as a share. */
  readonly acknowledges: readonly number[];
  /** Whether they wrongly call themselves alike. */
  readonly haveOneName: boolean;
  /** How far the clocks of Redis are from that of the world, at most. */
  readonly skew: number;
  /** Whether a master takes no writes where no replica has been heard of for a while (`min-replicas-to-write`). */
  readonly needsReplica: boolean;
  readonly troubles: readonly DatedTrouble[];
}

export function peersPlan(seed: number): PeersPlan {
  const random = new Random(seed, 'peers');
  const ofGateways = new Random(seed, 'gateways');
  const storm = 240_000;
  const gpus = random.between(1, 2);
  // docs/replicas.md promises nothing of terms that are lost with such a split unless the clocks go together.
  const isTorn = random.chance(0.15);
  return {
    seed,
    storm,
    servers: Array.from({ length: random.between(2, 3) }, (_, at) =>
      plainServer(`s${at}`, { gpus, bytes: 24 * GIB, headroom: GIB }),
    ),
    models: Array.from({ length: 8 }, (_, at) => drawModel(random, `m${at}`, at < 2)),
    limits: emptyFleet().limits,
    defaults: DEFAULTS,
    servesStale: random.chance(0.6),
    gateways: random.pick([0, 0, 1, 2]),
    acknowledges: [ofGateways, ofGateways].map((one) => one.pick([0, 0.5, 1, 1])),
    haveOneName: ofGateways.chance(0.2),
    skew: isTorn ? 0 : 90_000,
    needsReplica: random.chance(0.35),
    troubles: [...drawRedis(random, storm, isTorn), ...drawOthers(random, storm)].toSorted(
      (a, b) => a.at - b.at,
    ),
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

/**
 * One after the other: what failed last has healed, and its replicas have caught up. The first comes when each peer has seen a
 * lease: a Redis that is emptied before looks to them as if it had never had one.
 */
function drawRedis(random: Random, storm: number, isTorn: boolean): DatedTrouble[] {
  const found: DatedTrouble[] = [];
  for (let at = random.between(18_000, 34_000); at < storm - 40_000; at += random.between(38_000, 60_000)) {
    const kind = random.pick([
      ...(['failOver', 'emptied', 'redisKilled', 'redisPaused'] as const),
      ...(['redisParted', 'redisParted', 'unconfirmed', 'redisAway', 'redisAway'] as const),
      ...(isTorn ? (['redisTorn', 'redisTorn', 'redisTorn'] as const) : []),
    ]);
    if (kind === 'emptied') found.push(...drawEmptied(random, at));
    else if (kind === 'failOver') found.push({ at, kind });
    else found.push({ at, kind, ms: lastsFor(random, kind) });
  }
  return found;
}

/** Its leader, which would write all of it again, may be gone by then. */
function drawEmptied(random: Random, at: number): DatedTrouble[] {
  const kind = random.pick(['crashed', 'paused'] as const);
  const without: DatedTrouble = { at: at - 1, kind, whom: 'leader', ms: random.between(1_000, 25_000) };
  return [...(random.chance(0.5) ? [without] : []), { at, kind: 'emptied' }];
}

/**
 * A split lasts long enough, now and then, for the others to have a leader of their own, and Redis is away for so long that routes
 * are out of date.
 */
function lastsFor(random: Random, kind: Trouble['kind']): number {
  if (kind === 'redisKilled') return 15_000;
  if (kind === 'redisAway') return random.spread(2_000, 36_000);
  const isSplit = kind === 'redisParted' || kind === 'redisTorn';
  return isSplit ? random.between(8_000, 36_000) : random.spread(1_000, 30_000);
}

function drawOthers(random: Random, storm: number): DatedTrouble[] {
  const found: DatedTrouble[] = [];
  for (let at = random.between(8_000, 20_000); at < storm; at += random.between(9_000, 30_000)) {
    const kind = random.pick([
      ...(['paused', 'paused', 'crashed', 'stopped', 'isolated'] as const),
      ...(['serverKilled', 'serverParted', 'gatewayCut', 'gatewayDeaf'] as const),
    ]);
    const ms = random.spread(500, 25_000);
    if (isOfPeers(kind)) found.push({ at, kind, ms, whom: random.chance(0.6) ? 'leader' : 'any' });
    else found.push({ at, kind, ms });
  }
  return found;
}

const OF_PEERS = ['paused', 'crashed', 'stopped', 'isolated'] as const;

const isOfPeers = (kind: string): kind is (typeof OF_PEERS)[number] =>
  (OF_PEERS as readonly string[]).includes(kind);
