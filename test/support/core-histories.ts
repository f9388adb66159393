import fc from 'fast-check';
import { aPendingModel as aModel, aRequest, aServer } from './core-driver.js';
import { Shelf } from './shelf.js';
import {
  type Action,
  emptyFleet,
  type Event,
  type Fleet,
  type IndexRow,
  type Look,
  type ModelId,
  type OrderId,
  type Outcome,
  replicaId,
  type ServerId,
  type WatcherId,
} from '#core';
import { decide } from './decide.js';

const MODELS = [
  aModel('a', { gpuBytes: 3, pinnedCopies: 1 }),
  aModel('b', { gpuBytes: 4, idleUnload: 50 }),
  aModel('c', { gpuBytes: 5, idleUnload: 50, hostBytes: 3 }),
  aModel('d', { gpuBytes: 9, idleUnload: 50, minResidency: 30 }),
  aModel('e', { gpuBytes: 2, dependsOn: ['b' as ModelId] }),
  aModel('f', { gpuBytes: 2, config: '{}', pinnedCopies: 3, idleUnload: 50 }),
];
const VARIANTS = [
  aModel('f', { gpuBytes: 3, config: '{}', idleUnload: 50 }),
  aModel('b', { enabled: false }),
  aModel('c', { gpuBytes: 7, pinnedCopies: 2 }),
  aModel('b', { gpuBytes: 4, minCopies: 1, idleUnload: 50 }),
  aModel('f', { gpuBytes: 2, config: '{}', maxCopies: 4, idleUnload: null }),
  aModel('b', { gpuBytes: 4, maxCopies: 2, idleUnload: null }),
  aModel('d', { gpuBytes: 5, minCopies: 2, class: 'critical', config: '{}', spread: 'zone', idleUnload: 50 }),
];
const SERVERS = [aServer('x', [10], { hostMemory: 6 }), aServer('y', [10, 10], { strangers: 'adopt' })];

const model = fc.constantFrom(...MODELS.map(({ id }) => id));
const server = fc.constantFrom(...SERVERS.map(({ id }) => id));
const watcher = fc.constantFrom('peer-b' as WatcherId, 'peer-c' as WatcherId);
const order = fc.nat({ max: 20 }).map((n) => `o${n}` as OrderId);
const state = fc.constantFrom<IndexRow['state']>('', 'LOADING', 'READY', 'UNLOADING', 'UNAVAILABLE');
const outcome = fc.constantFrom<Outcome>(
  { kind: 'succeeded', versions: ['1'] },
  { kind: 'failed', cause: 'capacity' },
  { kind: 'failed', cause: 'missing' },
  { kind: 'unknown' },
  { kind: 'unsent' },
);

interface Script {
  readonly wait: number;
  readonly events: readonly (Event | LookScript)[];
}
interface LookScript {
  readonly kind: 'look';
  readonly server: ServerId;
  readonly states: readonly (readonly [ModelId, IndexRow['state']])[];
  readonly full: boolean;
  readonly age: number;
}

/** How many of them. */
const RUNS = Number(process.env['RUNS'] ?? 400);

const FACTS = ['connected', 'ended', 'closed', 'moved', 'refused', 'leaving', 'probe_timed_out'] as const;

/** Any fact, at any time, in any order: most are nonsense, and none may do harm. */
const event: fc.Arbitrary<Event | LookScript> = fc.oneof(
  fc.constantFrom(...MODELS, ...VARIANTS).map((one): Event => ({ kind: 'ModelDeclared', model: one })),
  fc.constantFrom(...SERVERS).map((one): Event => ({ kind: 'ServerDeclared', server: one })),
  server.map((one): Event => ({ kind: 'ServerWithdrawn', server: one })),
  fc.boolean().map((isAwaited): Event => ({ kind: 'ServersAwaited', isAwaited })),
  fc
    .tuple(model, model)
    .map(([one, step]): Event => ({ kind: 'StepsRemembered', model: one, steps: [step] })),
  model.map((one): Event => ({ kind: 'ModelWithdrawn', model: one })),
  fc
    .record({ id: fc.nat({ max: 9 }), model, wait: fc.nat({ max: 400 }), lease: fc.nat({ max: 60 }) })
    .map(({ id, model: one, wait, lease }): Event => ({
      kind: 'RequestArrived',
      request: aRequest(`r${id}`, one, 0, {
        ...{ wait: wait * 5, lease },
        ...(id % 3 === 0 && { affinityKey: `key ${id}` }),
      }),
    })),
  fc.tuple(model, server, order, outcome).map(([m, s, o, out]): Event => ({
    kind: 'LoadEnded',
    order: o,
    replica: replicaId(m, s),
    outcome: out,
  })),
  fc.tuple(model, server, order, outcome).map(([m, s, o, out]): Event => ({
    kind: 'UnloadEnded',
    order: o,
    replica: replicaId(m, s),
    outcome: out,
  })),
  fc
    .tuple(server, fc.constantFrom(...FACTS))
    .map(([one, fact]): Event => ({ kind: 'ContactChanged', server: one, fact })),
  server.map((one): Event => ({ kind: 'LookFailed', server: one, why: 'timed_out' })),
  fc.record({
    kind: fc.constant('look' as const),
    server,
    states: fc.array(fc.tuple(model, state), { maxLength: 5 }),
    full: fc.boolean(),
    age: fc.nat({ max: 5 }),
  }),
  fc.tuple(model, server).map(([m, s]): Event => ({
    kind: 'RoutesUsed',
    uses: [{ replica: replicaId(m, s), at: 5, inUseUntil: 40, routes: 3 }],
  })),
  fc.tuple(model, fc.boolean()).map(([one, force]): Event => ({ kind: 'UnloadOrdered', model: one, force })),
  model.map((one): Event => ({ kind: 'LoadOrdered', model: one, until: 500 })),
  server.map((one): Event => ({ kind: 'DrainOrdered', server: one, deadline: 300 })),
  server.map((one): Event => ({ kind: 'DrainEnded', server: one })),
  model.map((one): Event => ({ kind: 'ReloadOrdered', model: one, until: 500 })),
  fc.constant<Event>({ kind: 'FreezeOrdered', reason: 'audit', since: 0 }),
  fc.constant<Event>({ kind: 'FreezeEnded' }),
  fc.boolean().map((isHeld): Event => ({ kind: 'OrdersHeld', isHeld })),
  fc.boolean().map((isHeld): Event => ({ kind: 'LoadsHeld', isHeld })),
  fc.constantFrom(1 as const, 2 as const).map((looks): Event => ({ kind: 'TermBegun', looks })),
  fc
    .tuple(watcher, fc.nat({ max: 5_000 }))
    .map(([one, heardAt]): Event => ({ kind: 'WatcherSeen', watcher: one, patience: 1_000, heardAt })),
  fc
    .tuple(watcher, fc.nat({ max: 100 }))
    .map(([one, revision]): Event => ({ kind: 'WatcherAcknowledged', watcher: one, revision })),
  watcher.map((one): Event => ({ kind: 'WatcherGone', watcher: one })),
  fc
    .constantFrom('none', 'high', 'severe' as const)
    .map((level): Event => ({ kind: 'PressureChanged', level })),
  fc.tuple(server, model, fc.constantFrom('gpu', 'cpu', 'model' as const)).map(([s, m, kind]): Event => ({
    kind: 'ConfigLearned',
    server: s,
    model: m,
    config: { json: '{}', kind, gpus: [0], count: 1 },
    steps: [],
  })),
);
const scripts = fc.array(
  fc.record({
    events: fc.array(event, { maxLength: 4 }),
    wait: fc.oneof({ weight: 5, arbitrary: fc.nat({ max: 200 }) }, fc.nat({ max: 20_000 })),
  }),
  { maxLength: 50 },
);

function lookOf({ states, full, age }: LookScript, now: number): Look {
  const shelf = new Shelf(full ? MODELS.map(({ id }) => id) : []);
  shelf.gpus = null;
  // For so long 20 stand in each queue.
  const counts = { succeeded: 0, failed: 0, lastInference: 0, waited: 20 * Math.min(now, 20_000) };
  for (const [one, found] of states) {
    shelf.set(one, found);
    shelf.served.set(one, counts);
  }
  return { ...shelf.look(now, full ? 'full' : 'statistics', true), begunAt: now - age };
}

/** What is to hold of a fleet after each turn. */
export type Check = (fleet: Fleet, now: number, actions: readonly Action[]) => boolean;

/** Plays a script from a fleet that is up and empty, and checks after every turn. */
function play(script: readonly Script[], check: Check): boolean {
  const fleet = emptyFleet();
  const empty = (id: ServerId): LookScript => ({ kind: 'look', server: id, states: [], full: true, age: 0 });
  decide(
    fleet,
    SERVERS.map((one): Event => ({ kind: 'ServerDeclared', server: one })),
    0,
  );
  decide(
    fleet,
    SERVERS.map(({ id }): Event => ({ kind: 'ContactChanged', server: id, fact: 'connected' })),
    0,
  );
  decide(
    fleet,
    SERVERS.map(({ id }): Event => ({ kind: 'Looked', server: id, look: lookOf(empty(id), 1) })),
    1,
  );
  decide(
    fleet,
    MODELS.map((one): Event => ({ kind: 'ModelDeclared', model: one })),
    1,
  );
  let now = 1;
  return script.every(({ events, wait }) => {
    now += wait;
    const told = events.map((one): Event =>
      one.kind === 'look' ? { kind: 'Looked', server: one.server, look: lookOf(one, now) } : one,
    );
    const actions = decide(fleet, told, now);
    return check(fleet, now, actions);
  });
}

/** Plays random histories, and expects that this holds after each of their turns. */
export const holds = (check: Check): void =>
  fc.assert(
    fc.property(scripts, (script) => play(script, check)),
    { numRuns: RUNS },
  );
