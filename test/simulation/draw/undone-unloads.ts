import type { Happening } from '../happenings.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';

/** What Berth unloads, and does not hear of, another client loads again before Berth has seen that it was gone. */
export function drawUndoneUnloads(
  random: Random,
  { models, servers, storm }: Pick<Cast, 'models' | 'servers' | 'storm'>,
): Happening[] {
  if (!random.chance(0.15)) return [];
  return moments(random, random.spread(60_000, 300_000), storm)
    .flatMap((at): Happening[] => {
      const { model, disk } = random.pick(models);
      const server = random.pick(servers).spec.id;
      const unloadedAt = at + 2 * (disk.loadMs ?? 0) + random.spread(500, 5_000);
      const how = random.pick(['silence', 'break'] as const);
      return [
        { at, kind: 'orderLoad', model: model.id },
        { at: unloadedAt, kind: 'loseReply', server, to: 'unload', how },
        { at: unloadedAt, kind: 'orderUnload', model: model.id, force: true },
        { at: unloadedAt + random.spread(5, 3_000), kind: 'strangerLoad', server, model: model.id },
      ];
    })
    .filter(({ at }) => at <= storm);
}
