import type { Class, Fleet, Model, ModelId, Replica, Request } from '#core';
import { asLookedAt, onlyFails } from './pulses.js';
import { evictedIn, type TurnCheck } from './scene.js';

const RANKS: Readonly<Record<Class, number>> = { sheddable: 0, default: 1, critical: 2 };

/**
 * What leaves for a newcomer is of no higher class than the requests for it; for a pin whatever is not pinned may
 * leave.
 */
export const nobodyOutranksTheNewcomer: TurnCheck = (scene) => {
  const { fleet, history, trail } = scene;
  for (const { victim, newcomer } of evictedIn(scene)) {
    const model = fleet.models.get(newcomer);
    if (!model || model.pinnedCopies > 0) continue;
    const asked = highestAsked([...history.pending.values()], newcomer);
    const most =
      asked === undefined || isWantedForItself(fleet, model)
        ? Math.max(asked ?? 0, RANKS[model.class])
        : asked;
    const own = RANKS[classOf(fleet, victim)];
    trail.expect(own <= most, () => `${victim.id} was evicted for ${newcomer}, which is of a lower class`);
    if (own < most) trail.mark('evicted for a higher class');
  }
};

/**
 * Of one class, what is kept warm does not leave: so many copies that are ready stay, on whichever servers. One that only
 * fails and is to be replaced is none of them.
 */
export const theWarmAreKept: TurnCheck = (scene) => {
  const { fleet, before, history, trail, turn } = scene;
  for (const { victim, newcomer } of evictedIn(scene)) {
    const [model, other] = [fleet.models.get(victim.model), fleet.models.get(newcomer)];
    if (!model?.enabled || !other || other.pinnedCopies > 0 || model.minCopies === 0) continue;
    const asked = highestAsked([...history.pending.values()], newcomer) ?? 0;
    if (Math.max(asked, RANKS[other.class]) > RANKS[model.class]) continue;
    const left = readyCopies([...fleet.replicas.values()], model);
    const had = readyCopies(
      Array.from(before.values(), (one) => (one.phase === 'ready' ? asLookedAt(one, turn.events) : one)),
      model,
    );
    trail.expect(
      left >= Math.min(had, model.minCopies),
      () => `${victim.id} was evicted for ${newcomer}, and ${left} copies are left of ${model.minCopies}`,
    );
  }
};

/**
 * Whether a model is wanted whatever requests wait for it: kept warm, wished, to leave a draining server, or to replace
 * what only fails. Then its own class counts beside that of the requests.
 */
function isWantedForItself({ wishes, replicas, servers }: Readonly<Fleet>, model: Model): boolean {
  const isToCome = (one: Replica): boolean =>
    one.model === model.id && (servers.get(one.server)!.drain !== null || onlyFails(one));
  return model.minCopies > 0 || wishes.has(model.id) || [...replicas.values()].some(isToCome);
}

const classOf = ({ models, defaults }: Readonly<Fleet>, { model }: Pick<Replica, 'model'>): Class =>
  (models.get(model) ?? defaults).class;

function highestAsked(requests: readonly Request[], id: ModelId): number | undefined {
  const ranks = requests.filter(({ model }) => model === id).map((request) => RANKS[request.class]);
  return ranks.length > 0 ? Math.max(...ranks) : undefined;
}

const readyCopies = (replicas: readonly Replica[], { id, onFailing }: Model): number =>
  replicas
    .filter(({ model, phase }) => model === id && phase === 'ready')
    .filter((one) => onFailing === 'flag' || !onlyFails(one))
    .reduce((sum, { devices }) => sum + Math.max(1, devices.length), 0);
