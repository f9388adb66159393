import type { Happening } from '../happenings.js';
import type { PlannedModel } from '../plan.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';

/** How many other models leave beside those of the ensemble, at most. */
const OTHERS = 6;
/** Admins do one thing after the other. */
const BETWEEN_WRITES = 200;
/** How long a server is drained. */
const DRAINED = 20_000;

/**
 * Servers are drained, and all that is on them leaves at once: an ensemble and its steps, one of which was read anew while
 * the ensemble was loaded, and others beside them. A real server was seen to die of that.
 */
export function drawUnloadsAtOnce(
  random: Random,
  cast: Pick<Cast, 'models' | 'servers' | 'storm'>,
): Happening[] {
  const ensembles = cast.models.filter(({ disk }) => (disk.steps ?? []).length > 0);
  if (ensembles.length === 0 || !random.chance(0.5)) return [];
  return moments(random, random.spread(60_000, 300_000), cast.storm)
    .flatMap((at) => drawRound(random, at, random.pick(ensembles), cast))
    .filter(({ at }) => at <= cast.storm);
}

function drawRound(
  random: Random,
  at: number,
  { disk }: PlannedModel,
  { models, servers }: Pick<Cast, 'models' | 'servers'>,
): Happening[] {
  const steps = (disk.steps ?? []) as PlannedModel['model']['id'][];
  const ensemble = disk.name as PlannedModel['model']['id'];
  const others = Array.from({ length: random.between(1, OTHERS) }, () => random.pick(models).model.id);
  const everything = [...new Set([ensemble, ...steps, ...others])];
  const reread = steps[0]!;
  const rereadAt = at + 2 * loadTimeOf(models, everything) + random.spread(2_000, 10_000);
  const unloadedAt = rereadAt + 2 * loadTimeOf(models, [reread]) + random.spread(500, 5_000);
  return [
    ...servers.map(({ spec }): Happening => ({ at, kind: 'unloadsCrash', server: spec.id, lasts: 120_000 })),
    ...everything.map((model, nth): Happening => ({
      at: at + nth * BETWEEN_WRITES,
      kind: 'orderLoad',
      model,
    })),
    ...servers.map(({ spec }): Happening => {
      return { at: rereadAt, kind: 'repository', server: spec.id, model: reread, change: 'touched' };
    }),
    random.chance(0.5)
      ? { at: rereadAt, kind: 'orderReload', model: reread }
      : { at: rereadAt, kind: 'strangerLoad', server: random.pick(servers).spec.id, model: reread },
    ...servers.flatMap(({ spec }, nth): Happening[] => [
      {
        at: unloadedAt + nth * BETWEEN_WRITES,
        kind: 'drain',
        server: spec.id,
        within: random.spread(1, 2_000),
      },
      { at: unloadedAt + DRAINED + nth * BETWEEN_WRITES, kind: 'undrain', server: spec.id },
    ]),
  ];
}

/** How long their loads take one after the other, in ms. */
function loadTimeOf(models: readonly PlannedModel[], names: readonly string[]): number {
  const wanted = models.filter(({ disk }) => names.includes(disk.name));
  return wanted.reduce((sum, { disk }) => sum + (disk.loadMs ?? 0), 0);
}
