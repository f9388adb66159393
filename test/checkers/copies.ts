import { type Class, type Fleet, isGuaranteed, type ModelId } from '#core';
import { evictedIn, type TurnCheck, type TurnScene, withdrawn } from './scene.js';

const RANKS: readonly Class[] = ['sheddable', 'default', 'critical'];

/** What `copies.min` keeps warm is not retired for being idle, and leaves only for a pin or a higher class. */
export const warmCopiesStay: TurnCheck = (scene) => {
  const { fleet, trail } = scene;
  for (const { was, now } of withdrawn(scene)) {
    if (now.cause !== 'idle') continue;
    trail.expect(!isGuaranteed(fleet, was), () => `${was.id} is kept warm and was retired`);
  }
  for (const { victim, newcomer } of evictedIn(scene)) {
    if (!isGuaranteed(fleet, victim)) continue;
    trail.mark('kept warm and evicted');
    trail.expect(
      mayDisplace(scene, newcomer, victim.model),
      () => `${victim.id} is kept warm and was evicted for ${newcomer}`,
    );
  }
};

/** Whether a model, as a pin or as whoever waits for it, is above another one's class. */
function mayDisplace({ fleet, history }: TurnScene, newcomer: ModelId, id: ModelId): boolean {
  if ((fleet.models.get(newcomer)?.pinnedCopies ?? 0) > 0) return true;
  const asked = [...history.pending.values()].filter(({ model }) => model === newcomer);
  const classes = [classOf(fleet, newcomer), ...asked.map((request) => request.class)];
  return Math.max(...classes.map(rankIn)) > rankIn(classOf(fleet, id));
}

const rankIn = (one: Class): number => RANKS.indexOf(one);

const classOf = (fleet: Fleet, id: ModelId): Class => (fleet.models.get(id) ?? fleet.defaults).class;
