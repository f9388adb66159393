import type { Happening } from '../happenings.js';
import type { PlannedModel } from '../plan.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';

/** How many other models leave beside those of the ensemble, at most. */
const OTHERS = 6;

/**
 * Unloads at once of which a real server was seen to die: of an ensemble and its steps, one of which was read anew while
 * the ensemble was loaded, and of others beside them.
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
  const rereadAt = at + 2 * loadTimeOf(models, everything) + random.spread(500, 5_000);
  const unloadedAt = rereadAt + 2 * loadTimeOf(models, [reread]) + random.spread(500, 5_000);
  return [
    ...servers.map(({ spec }): Happening => ({ at, kind: 'unloadsCrash', server: spec.id, lasts: 120_000 })),
    ...everything.map((model): Happening => ({ at, kind: 'orderLoad', model })),
    ...servers.map(({ spec }): Happening => {
      return { at: rereadAt, kind: 'repository', server: spec.id, model: reread, change: 'touched' };
    }),
    { at: rereadAt, kind: 'orderReload', model: reread },
    ...everything.map((model): Happening => ({ at: unloadedAt, kind: 'orderUnload', model, force: true })),
  ];
}

/** How long their loads take one after the other, in ms. */
function loadTimeOf(models: readonly PlannedModel[], names: readonly string[]): number {
  const wanted = models.filter(({ disk }) => names.includes(disk.name));
  return wanted.reduce((sum, { disk }) => sum + (disk.loadMs ?? 0), 0);
}
