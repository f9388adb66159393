import type { OrderId, Phase, Replica, ServerId } from '#core';
import type { TurnCheck, TurnScene } from './scene.js';

type Place = Phase | 'gone';
type Step = readonly [Place, Place];

/**
 * What may follow on what, by what it takes: the diagram of libs/core/src/fleet/replica.ts, with the ways in and out of it.
 * Memory is let go only by a look, or with the server.
 */
const STEPS: Readonly<Record<Excuse, readonly Step[]>> = {
  decided: [
    ['gone', 'placed'],
    ['placed', 'gone'],
    ['placed', 'loading'],
    ['ready', 'draining'],
    ['draining', 'ready'],
    ['draining', 'unloading'],
  ],
  reported: [
    ['loading', 'ready'],
    ['loading', 'unknown'],
    ['unloading', 'unknown'],
  ],
  unsent: [
    ['loading', 'placed'],
    ['unloading', 'draining'],
  ],
  looked: [
    ...(['gone', 'placed', 'unloading', 'unknown'] as const).map((from): Step => [from, 'ready']),
    ...(['gone', 'placed', 'ready', 'draining', 'unloading'] as const).map((from): Step => [from, 'unknown']),
    ['unloading', 'gone'],
    ['unknown', 'gone'],
  ],
  ended: (['loading', 'ready', 'draining', 'unloading', 'unknown'] as const).map((from): Step => [
    from,
    'gone',
  ]),
};

/** `unsent`: an order could not be sent. `ended`: another process answers for the server, or the server was withdrawn. */
type Excuse = 'decided' | 'reported' | 'unsent' | 'looked' | 'ended';

/** Replicas change their phase along the diagram, and only where something was heard that says so. */
export const phasesFollowTheDiagram: TurnCheck = (scene) => {
  const moved = scene.changes.filter(({ was, now }) => was?.phase !== now?.phase);
  if (moved.length === 0) return;
  const heard = excusesByServer(scene);
  for (const { was, now } of moved) {
    const { id, server } = (now ?? was)!;
    const [from, to] = [was?.phase ?? 'gone', now?.phase ?? 'gone'] as const;
    const excuses = heard.get(server) ?? ['decided'];
    scene.trail.expect(
      reachable(excuses).has(`${from}>${to}`),
      () => `${id} went from ${from} to ${to}, having ${excuses.join(', ')}`,
    );
  }
};

/** What is loading or unloading is so by an order of this turn, or an older one. */
export const ordersGoWithPhases: TurnCheck = (scene) => {
  const orders = new Map(
    scene.turn.actions.flatMap((action) =>
      action.kind === 'load' || action.kind === 'unload' ? [[action.order, action.kind] as const] : [],
    ),
  );
  for (const { was, now } of scene.changes) {
    const order = orderOf(now);
    if (order === null || order === orderOf(was)) continue;
    const wanted = now!.phase === 'unloading' ? 'unload' : 'load';
    scene.trail.expect(
      orders.get(order) === wanted,
      () => `${now!.id} is ${now!.phase} by ${order}, which is no ${wanted} of this turn`,
    );
  }
};

const orderOf = (replica: Replica | undefined): OrderId | null =>
  replica !== undefined && 'order' in replica ? replica.order : null;

/** The indexes of the replicas are in step with them: a booking exists exactly while its replica does. */
export const indexesAreInStep: TurnCheck = (scene) => {
  if (scene.changes.length === 0) return;
  const { replicas, holders, residents, unsettled } = scene.fleet;
  const isSettled = (one: Replica): boolean => one.phase === 'ready';
  let open = 0;
  for (const one of replicas.values()) {
    if (!isSettled(one)) open += 1;
    const isListed = holders.get(one.model)?.has(one.id) && residents.get(one.server)?.has(one.id);
    scene.trail.expect(isListed === true, () => `${one.id} is missing in an index`);
    scene.trail.expect(
      isSettled(one) !== unsettled.has(one.id),
      () => `${one.id} is taken for something else`,
    );
  }
  const listed = sizes(holders) === replicas.size && sizes(residents) === replicas.size;
  scene.trail.expect(listed && unsettled.size === open, () => 'an index holds what is not there');
};

const sizes = (index: ReadonlyMap<unknown, ReadonlySet<unknown>>): number => {
  let sum = 0;
  for (const ids of index.values()) sum += ids.size;
  return sum;
};

function excusesByServer({ turn, history }: TurnScene): Map<ServerId, readonly Excuse[]> {
  const heard = new Map<ServerId, Set<Excuse>>();
  const hear = (server: ServerId, excuse: Excuse): void => {
    const known = heard.get(server) ?? new Set(['decided']);
    heard.set(server, known.add(excuse));
  };
  for (const event of turn.events) {
    if (event.kind === 'Looked') hear(event.server, 'looked');
    if (event.kind === 'ServerWithdrawn') hear(event.server, 'ended');
    if (event.kind === 'LoadEnded' || event.kind === 'UnloadEnded') {
      const server = event.replica.slice(event.replica.indexOf('@') + 1) as ServerId;
      hear(server, event.outcome.kind === 'unsent' ? 'unsent' : 'reported');
    }
  }
  for (const server of history.restarted) hear(server, 'ended');
  return new Map(Array.from(heard, ([server, excuses]) => [server, [...excuses].toSorted()]));
}

const known = new Map<string, ReadonlySet<string>>();

/** Every way from one phase to another in one turn. */
function reachable(excuses: readonly Excuse[]): ReadonlySet<string> {
  const name = excuses.join();
  const ways = known.get(name) ?? waysOf(excuses.flatMap((excuse) => STEPS[excuse]));
  known.set(name, ways);
  return ways;
}

function waysOf(steps: readonly Step[]): ReadonlySet<string> {
  const ways = new Set<string>();
  const go = (from: Place, at: Place): void => {
    for (const [, to] of steps.filter(([start]) => start === at)) {
      if (ways.has(`${from}>${to}`)) continue;
      ways.add(`${from}>${to}`);
      go(from, to);
    }
  };
  for (const from of new Set(steps.map(([start]) => start))) go(from, from);
  return ways;
}
