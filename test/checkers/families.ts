import { Now } from '#core';
import {
  type ActionOf,
  type Fleet,
  type ModelId,
  ordersAtOnce,
  type Placed,
  type Replica,
  replicaFlags,
} from '#core';
import type { TurnCheck, TurnScene } from './scene.js';
import { isSeenAbsent, loadBegan } from './load-began.js';

type Order = ActionOf<'load'> | ActionOf<'unload'>;

/**
 * No order goes to a server that is at work on another one about a model that an ensemble ties to it: not before that was
 * answered and seen done, or counts as stuck.
 */
export const familiesTakeTurns: TurnCheck = (scene) => {
  for (const order of ordersIn(scene)) {
    const others = inWorkBeside(scene, order);
    if (others.length === 0) continue;
    const family = familiesOf(scene.fleet, order.model);
    const beside = others.find(({ model }) => family.has(model));
    scene.trail.expect(
      beside === undefined,
      () => `${order.kind} ${order.replica} while ${beside!.id}, of its family, is ${beside!.phase}`,
    );
  }
};

/** Beside a load whose config is pending nothing is unloaded, and no other load begins that may be of an ensemble. */
export const pendingConfigsAreWaitedFor: TurnCheck = (scene) => {
  for (const order of ordersIn(scene)) {
    if (order.kind === 'load' && isConfigKnown(scene.fleet, order.model)) continue;
    const pending = inWorkBeside(scene, order).find((one) => isPending(scene, one));
    scene.trail.expect(
      pending === undefined,
      () => `${order.kind} ${order.replica} while the config of ${pending!.id} is pending`,
    );
  }
};

/** Unloads go to a server only while no more are in work there than it may have loads. */
export const unloadsStayWithinSlots: TurnCheck = (scene) => {
  const { fleet, trail } = scene;
  for (const server of new Set(
    ordersIn(scene).flatMap((one) => (one.kind === 'unload' ? [one.server] : [])),
  )) {
    const unloads = inWorkOn(scene, server).filter(isBeingUnloaded);
    const said = (): string => `${unloads.length} unloads in work at ${server}`;
    trail.expect(unloads.length <= ordersAtOnce(fleet, fleet.servers.get(server)!), said);
  }
};

/** Whether what has its place would wait although a load had not begun: for other work on its family, or for what drains. */
export function isKeptWaiting(scene: TurnScene, one: Placed, load: ActionOf<'load'>): boolean {
  const family = familiesOf(scene.fleet, one.model);
  const draining = Array.from(scene.fleet.unsettled, (id) => scene.fleet.replicas.get(id)!).filter(
    ({ phase, server }) => phase === 'draining' && server === one.server,
  );
  const beside = inWorkBeside(scene, load);
  if ([...beside, ...draining].some(({ model }) => family.has(model))) return true;
  return !isConfigKnown(scene.fleet, one.model) && (draining.length > 0 || isAnyPending(scene, one, beside));
}

/** Configs are asked for when loads have ended. */
const TOLD_WITHIN = 5_000;

/** Whether a load of a pending config runs on its server, or has just ended, or an unload has not been answered there. */
const isAnyPending = (scene: TurnScene, { id, server }: Placed, beside: readonly Replica[]): boolean =>
  beside.some((one) => isPending(scene, one) || (one.phase === 'unloading' && one.answeredAt === null)) ||
  [...scene.fleet.replicas.values()].some(
    (one) =>
      one.server === server &&
      one.id !== id &&
      one.phase === 'ready' &&
      !isConfigKnown(scene.fleet, one.model) &&
      scene.turn.now < one.since + TOLD_WITHIN,
  );

/**
 * Whether what drains may not be unloaded yet: its server is at work on as many unloads as it may, or on its family, or an unload
 * of its family counts as undone.
 */
export function waitsToLeave(scene: TurnScene, { id, model, server }: Replica): boolean {
  const others = inWorkOn(scene, server).filter((one) => one.id !== id);
  if (others.filter(isBeingUnloaded).length >= ordersAtOnce(scene.fleet, scene.fleet.servers.get(server)!))
    return true;
  const family = familiesOf(scene.fleet, model);
  const undone = Array.from(scene.fleet.servers.get(server)!.undone).some(
    ([other, until]) => other !== model && scene.turn.now < until && family.has(other),
  );
  return undone || others.some((one) => family.has(one.model) || isPending(scene, one));
}

const ordersIn = ({ turn }: TurnScene): Order[] =>
  turn.actions.filter((action): action is Order => action.kind === 'load' || action.kind === 'unload');

const isBeingUnloaded = (replica: Replica): boolean =>
  replica.phase === 'unloading' || (replica.phase === 'unknown' && replica.after === 'unload');

/** What its load brings along is under the same order. */
const inWorkBeside = (scene: TurnScene, { replica, server }: Order): Replica[] =>
  inWorkOn(scene, server).filter(
    (one) => one.id !== replica && !('coLoadedBy' in one && one.coLoadedBy === replica),
  );

const inWorkOn = ({ fleet, turn }: TurnScene, server: Order['server']): Replica[] =>
  Array.from(fleet.unsettled, (id) => fleet.replicas.get(id)!).filter(
    (one) =>
      one.server === server &&
      isInWork(one) &&
      !replicaFlags(fleet, one, new Now(turn.now)).includes('stuck'),
  );

function isConfigKnown({ models, steps }: Fleet, id: ModelId): boolean {
  const model = models.get(id);
  return steps.has(id) || model?.needsDeclared === true || typeof model?.config === 'string';
}

/** Whether its load may run, has not lasted for longer than it may, and may be one of an ensemble. */
function isPending({ fleet, turn }: TurnScene, replica: Replica): boolean {
  if (isConfigKnown(fleet, replica.model)) return false;
  if (replica.phase !== 'unknown') return replica.phase === 'loading';
  const { loadTimeout } = fleet.models.get(replica.model) ?? fleet.defaults;
  const began = loadBegan(replica);
  return began !== null && turn.now < began + loadTimeout;
}

function isInWork(replica: Replica): boolean {
  if (replica.phase === 'unloading') return replica.absentSince === null;
  return replica.phase === 'loading' || (replica.phase === 'unknown' && !isSeenAbsent(replica));
}

/** All that ensembles and declared needs tie to a model, through any number of others. */
function familiesOf(fleet: Fleet, model: ModelId): ReadonlySet<ModelId> {
  const wholes = [
    ...Array.from(fleet.models, ([id, { dependsOn }]) => [id, ...dependsOn]),
    ...Array.from(fleet.steps, ([id, steps]) => [id, ...steps]),
  ].filter(({ length }) => length > 1);
  const family = new Set([model]);
  for (const one of family) {
    for (const whole of wholes) if (whole.includes(one)) for (const other of whole) family.add(other);
  }
  return family;
}
