import type { Happening } from '../happenings.js';
import type { PlannedModel, PlannedServer } from '../plan.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';
import { mayBeOnHost } from './models.js';

const SECOND = 1_000;

interface Spell {
  readonly at: number;
  readonly lasts: number;
  readonly server: PlannedServer;
  readonly models: readonly PlannedModel[];
}

/** In a hostile fleet memory is not what it was said to be, models hardly fit, and nothing keeps them from taking turns. */
export const isHostile = (random: Random, servers: readonly PlannedServer[]): boolean =>
  random.chance(0.15) && servers.some(({ setup }) => setup.devices.length > 0);

/** Each GPU tells what is in use. */
export const hostileServer = ({ spec, setup, ...rest }: PlannedServer): PlannedServer => {
  const headroom = 2 * setup.options.baselineBytes;
  const devices = setup.devices.map(({ ordinal, uuid, memoryBytes: memory }) => ({
    ...{ ordinal, uuid, memory, headroom },
  }));
  return {
    ...rest,
    spec: { ...spec, devices: devices.length > 0 ? devices : null },
    setup,
    hasMetrics: true,
  };
};

/** Three or so go together on a GPU, and hold a little less than was declared. */
export function hostileModel(
  random: Random,
  servers: readonly PlannedServer[],
  { model, disk, ...rest }: PlannedModel,
): PlannedModel {
  if (disk.steps !== undefined) return { model, disk, ...rest };
  const sizes = servers.flatMap(({ setup }) => setup.devices.map(({ memoryBytes }) => memoryBytes));
  const gpuBytes = Math.floor(Math.min(...sizes) * (0.2 + 0.2 * random.next()));
  const host = mayBeOnHost(servers, disk)
    ? { hostBytes: gpuBytes + Math.ceil((disk.hostBytes ?? 0) / 0.9), hostDeclared: true }
    : {};
  const sized = { gpuBytes, gpuDeclared: true, pinnedCopies: 0, minResidency: 0, idleUnload: null, ...host };
  const coldStart = { policy: 'queue', maxQueue: 100, maxWait: 20 * SECOND, loadWhenShed: true } as const;
  return {
    ...rest,
    ...{ isDeclared: true, fitsDefaults: false },
    model: { ...model, ...sized, coldStart, require: {} },
    disk: { ...disk, gpuBytes: Math.floor(0.95 * gpuBytes), loadMs: random.between(500, 2_000) },
  };
}

/**
 * For half of the storm another process comes and goes, memory comes back a second late, backends keep half of it, or half was
 * declared. All the while one model after the other is asked for.
 */
export function drawHostile(random: Random, { models, servers, storm }: Cast): Happening[] {
  const measured = servers.filter(({ setup }) => setup.devices.length > 0);
  const lasts = Math.floor(storm / 2);
  const spell = { at: random.between(0, storm - lasts), lasts, server: random.pick(measured), models };
  const ways = WAYS.filter(() => random.chance(0.5));
  return [...ways.flatMap((way) => way(random, spell)), ...drawTurns(random, spell)];
}

const every = ({ at, lasts }: Spell, ms: number): readonly number[] =>
  Array.from({ length: Math.floor(lasts / ms) }, (_, nth) => at + nth * ms);

const WAYS: readonly ((random: Random, spell: Spell) => readonly Happening[])[] = [
  (random, spell) =>
    every(spell, 20 * SECOND).map((at) => {
      const { spec, setup } = spell.server;
      const { ordinal, memoryBytes } = random.pick(setup.devices);
      const bytes = Math.floor(memoryBytes * random.pick([0.25, 0.4, 0.6]));
      return { at, kind: 'foreign', server: spec.id, device: ordinal, bytes, lasts: 10 * SECOND };
    }),
  (_, { at, lasts, server: { spec } }) => [
    { at, kind: 'memoryBackLate', server: spec.id, by: SECOND, lasts },
  ],
  (_, { at, server: { spec }, models }) =>
    models.map(({ model, disk }) => {
      const bytes = Math.floor((disk.gpuBytes ?? 0) / 2);
      return { at, kind: 'residue', server: spec.id, model: model.id, bytes };
    }),
  (random, { at, models }) =>
    models
      .filter(({ disk }) => disk.steps === undefined && random.chance(0.3))
      .map(({ model, disk }) => {
        const gpuBytes = Math.floor((disk.gpuBytes ?? model.gpuBytes) / 2);
        return { at, kind: 'declare', model: model.id, change: { gpuBytes } };
      }),
];

const drawTurns = (random: Random, spell: Spell): Happening[] =>
  every(spell, random.pick([SECOND, 3 * SECOND])).map((at, nth) => ({
    ...{ at, kind: 'ask' as const, model: spell.models[nth % spell.models.length]!.model.id, count: 1 },
    ...{ version: null, wait: 20 * SECOND, lease: SECOND, avoid: [], useAfter: 0, giveUpAfter: null },
    ...{ retries: 1, retryAfter: null },
  }));
