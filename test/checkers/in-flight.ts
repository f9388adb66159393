import { type ActionOf, ordersAtOnce } from '#core';
import type { OpenOrder } from './history.js';
import type { TurnCheck, TurnScene } from './scene.js';

type Order = ActionOf<'load'> | ActionOf<'unload'>;

const ordersIn = ({ turn }: TurnScene): Order[] =>
  turn.actions.filter((action): action is Order => action.kind === 'load' || action.kind === 'unload');

/** One order at a time for a model on a server: no second load, and no load and unload that overlap. */
export const oneOrderAtATime: TurnCheck = (scene) => {
  const { history, trail } = scene;
  const orders = ordersIn(scene);
  if (orders.length === 0) return;
  const busy = new Map(Array.from(history.open.values(), ({ kind, replica }) => [replica, kind]));
  for (const { kind, replica } of orders) {
    const rival = busy.get(replica);
    trail.expect(rival === undefined, () => `${kind} ${replica} while a ${rival} of it is in flight`);
    busy.set(replica, kind);
  }
};

/** A load gives its device's slot back after this, or after its timeout. */
const SLOT_HELD = 60_000;

/** Where a load is ordered, those in flight stay within what its server and each of its devices may have: elsewhere the limit may have been lowered. */
export const loadsStayWithinSlots: TurnCheck = (scene) => {
  const { fleet, trail } = scene;
  const fresh = ordersIn(scene).filter((order): order is ActionOf<'load'> => order.kind === 'load');
  for (const server of new Set(fresh.map((load) => load.server))) {
    const begun = fresh.filter((load) => load.server === server).map(asOpen(scene));
    const loads = [...openAt(scene, server), ...begun];
    const { loadsPerDevice } = fleet.limits;
    trail.expect(
      loads.length <= ordersAtOnce(fleet, fleet.servers.get(server)!),
      () => `${loads.length} loads in flight at ${server}`,
    );
    for (const ordinal of new Set(begun.flat())) {
      const here = loads.filter((devices) => devices.includes(ordinal));
      trail.expect(
        here.length <= loadsPerDevice,
        () => `${here.length} loads in flight on ${server}/${ordinal}`,
      );
    }
  }
};

/** The devices of each load in flight; none of one that has lost its device's slot. */
const openAt = ({ history, fleet, turn }: TurnScene, server: string): (readonly number[])[] =>
  [...history.open.values()]
    .filter((order) => order.kind === 'load' && order.server === server)
    .map(({ model, orderedAt, devices }: OpenOrder) => {
      const { loadTimeout } = fleet.models.get(model) ?? fleet.defaults;
      return turn.now < orderedAt + Math.min(loadTimeout, SLOT_HELD) ? devices : [];
    });

const asOpen =
  ({ fleet }: TurnScene) =>
  ({ replica: id }: ActionOf<'load'>): readonly number[] =>
    fleet.replicas.get(id)?.devices ?? [];

/** Orders have names of their own, in rising order, so that a report finds the one it is about. */
export const ordersAreNumbered: TurnCheck = (scene) => {
  const { fleet, history, trail } = scene;
  const orders = ordersIn(scene).map(({ order }) => order);
  const numbers = orders.map((order) => Number(order.slice(1)));
  const isRising = numbers.every((number, at) => at === 0 || number > numbers[at - 1]!);
  const isNew = orders.every((order) => !history.open.has(order));
  const isPast = numbers.every((number) => number < fleet.nextOrder);
  trail.expect(isRising && isNew && isPast, () => `orders ${orders.join(', ')} before ${fleet.nextOrder}`);
};

/** What is loaded is in that server's repository, and a config is sent only to GPUs of it. */
export const loadsNameWhatIsThere: TurnCheck = (scene) => {
  for (const order of ordersIn(scene)) {
    if (order.kind !== 'load') continue;
    const { repository, devices } = scene.fleet.servers.get(order.server)!;
    scene.trail.expect(
      repository.has(order.model),
      () => `load ${order.replica}, which is not in the repository`,
    );
    const gpus = (devices ?? []).filter(({ kind }) => kind === 'gpu').map(({ ordinal }) => ordinal);
    const isAimed = (order.config?.gpus ?? []).every((gpu) => gpus.includes(gpu));
    scene.trail.expect(isAimed, () => `load ${order.replica} onto ${order.config!.gpus.join(', ')}`);
  }
};

/** A process that shuts down orders nothing and admits no request. */
export const goingMeansGoing: TurnCheck = ({ turn, fleet, trail }) => {
  if (!fleet.closing) return;
  const others = turn.actions.filter(({ kind }) => kind !== 'refuse');
  trail.expect(others.length === 0, () => `${others[0]!.kind} while it shuts down`);
  trail.expect(fleet.waiting.size === 0, () => `${fleet.waiting.size} wait while it shuts down`);
};
