import type { Class, Fleet, Instant, Model, ModelId, Replica, Request } from '#core';
import { asLookedAt, onlyFails } from './pulses.js';
import { evictedIn, type TurnCheck, type TurnScene } from './scene.js';

const RANKS: Readonly<Record<Class, number>> = { sheddable: 0, default: 1, critical: 2 };

/** What came back so soon after one of its model left for a lower class leaves for none again. */
const SOON_AGAIN = 600_000;

/**
 * For a lower class a copy leaves only where a request waits for the newcomer, the copy is not in use, and it did not come back
 * shortly after one of its model had left so; for a pin whatever is not pinned may leave.
 */
export const whatIsWantedIsNotOutranked = (): TurnCheck => {
  const leftAt = new Map<ModelId, Instant>();
  return (scene) => {
    const { fleet, history, trail, turn } = scene;
    for (const { victim, newcomer, readySince } of evictedIn(scene)) {
      const model = fleet.models.get(newcomer);
      if (!model || model.pinnedCopies > 0) continue;
      const asked = highestAsked([...history.pending.values()], newcomer);
      const [own, most] = [RANKS[classOf(fleet, victim)], rankOfWant(scene, model, asked)];
      if (own < most) trail.mark('evicted for a higher class');
      if (own <= most) continue;
      trail.mark('evicted for a lower class');
      const told = `${victim.id} was evicted for ${newcomer}, which is of a lower class`;
      const isInUse = victim.phase === 'draining' && victim.inUseUntil > turn.now;
      trail.expect(!isInUse, () => `${told}, while it was in use`);
      trail.expect(asked !== undefined, () => `${told}, and no request waits for it`);
      const since = readySince - (leftAt.get(victim.model) ?? -Infinity);
      trail.expect(
        since < 0 || since > SOON_AGAIN,
        () => `${told}, as one of it was ${since} ms before it came`,
      );
      leftAt.set(victim.model, turn.now);
    }
  };
};

const rankOfWant = ({ fleet }: TurnScene, model: Model, asked: number | undefined): number =>
  asked === undefined || isWantedForItself(fleet, model) ? Math.max(asked ?? 0, RANKS[model.class]) : asked;

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
 * Whether a model is wanted whatever requests wait for it: kept warm, wanted by best-effort demand, to leave a draining server, or to replace
 * what only fails. Then its own class counts beside that of the requests.
 */
function isWantedForItself({ bestEffort, replicas, servers }: Readonly<Fleet>, model: Model): boolean {
  const isToCome = (one: Replica): boolean =>
    one.model === model.id && (servers.get(one.server)!.drain !== null || onlyFails(one));
  return model.minCopies > 0 || bestEffort.has(model.id) || [...replicas.values()].some(isToCome);
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
