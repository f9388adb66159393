import type { ModelId } from '#core';
import type { Happening, HappeningOf } from '../happenings.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';

type Scene = Pick<Cast, 'models' | 'servers' | 'storm'> & { readonly grain: number };

/** No model has it: a request for it is answered in the turn in which it came, however warm the model is. */
const NO_VERSION = '7';

/** So many models at most are asked for in vain at once. */
const MAX_IN_VAIN = 4;

/** So often, tick by tick: as long as it takes to read which copies are in use before any has to leave. */
const TICKS = 8;

/** A load is answered by messages: the order, the answer, and two more questions with theirs; the first is written down. */
const MESSAGES = 5;

/** So long before the load, in ms, what it is to load is unloaded: its memory is back by then. */
const UNLOADED = 3_000;

/** What chance hardly ever lets fall into one turn. */
export const drawCoincidences = (random: Random, scene: Scene): Happening[] =>
  [...drawAsksInVain(random, scene), ...drawHangUps(random, scene)].filter(({ at }) => at <= scene.storm);

/**
 * One request asks for a model, and other requests ask in vain for those that may have to leave for it. These are
 * repeated at every moment at which what is read of the use of their models may arrive.
 */
function drawAsksInVain(random: Random, { models, storm, grain }: Scene): Happening[] {
  if (grain === 0 || models.length < 2 || !random.chance(0.6)) return [];
  const names = models.map(({ model }) => model.id);
  return moments(random, random.spread(40_000, 240_000), storm).flatMap((due): Happening[] => {
    const at = Math.ceil(due / grain) * grain;
    const first = random.between(0, names.length - 1);
    const [newcomer, ...others] = [...names.slice(first), ...names.slice(0, first)];
    const inVain = { at: at + grain, version: NO_VERSION, wait: 0, retries: TICKS, retryAfter: grain };
    return [
      ask(newcomer!, at),
      ...others.slice(0, MAX_IN_VAIN).map((model): Happening => ({ ...ask(model, at), ...inVain })),
    ];
  });
}

/**
 * Several requests wait for one model, which was just unloaded, and are cancelled around the moment at which it should
 * be ready.
 */
function drawHangUps(random: Random, { models, servers, storm, grain }: Scene): Happening[] {
  const plain = models.filter(({ disk }) => disk.loadMs !== undefined);
  if (grain === 0 || plain.length === 0 || !random.chance(0.6)) return [];
  return moments(random, random.spread(60_000, 300_000), storm).flatMap((due): Happening[] => {
    const { model, disk } = random.pick(plain);
    const takes = disk.loadMs! / random.pick(servers).clockRate + MESSAGES * Math.max(grain, 2);
    const at = Math.ceil(due / grain) * grain;
    const unloadedAt = Math.max(0, at - (disk.unloadMs ?? 0) - UNLOADED);
    return [
      { at: unloadedAt, kind: 'orderUnload', model: model.id, force: true },
      ...[-2, -1, 0, 1, 2].map((steps): Happening => {
        const giveUpAfter = Math.max(grain, (Math.ceil(takes / grain) + steps) * grain);
        return { ...ask(model.id, at), giveUpAfter };
      }),
    ];
  });
}

const ask = (model: ModelId, at: number): HappeningOf<'ask'> => ({
  at,
  kind: 'ask',
  model,
  count: 1,
  version: null,
  wait: null,
  lease: 1_000,
  avoid: [],
  useAfter: null,
  giveUpAfter: null,
  retries: 0,
  retryAfter: null,
});
