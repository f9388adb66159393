import type { Happening } from '../happenings.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';
import { drawLimits, near } from './settings.js';

/** What the operator does. */
export function drawOrders(random: Random, cast: Cast): Happening[] {
  if (!random.chance(0.6)) return [];
  const kinds = ORDERS.filter(() => random.chance(0.7));
  if (kinds.length === 0) return [];
  return moments(random, random.spread(5_000, 240_000), cast.storm).map((at) =>
    random.pick(kinds)(random, at, cast),
  );
}

type Draw = (random: Random, at: number, cast: Cast) => Happening;

const model = (random: Random, { models }: Cast) => random.pickEarly(models).model.id;
const server = (random: Random, { servers }: Cast) => random.pick(servers).spec.id;

const ORDERS: readonly Draw[] = [
  (random, at, cast) => ({
    at,
    kind: 'pin',
    model: model(random, cast),
    copies: random.pick([1, 1, 1, 2, 3]),
  }),
  (random, at, cast) => ({ at, kind: 'unpin', model: model(random, cast) }),
  (random, at, cast) => ({ at, kind: 'orderLoad', model: model(random, cast) }),
  (random, at, cast) => ({ at, kind: 'orderUnload', model: model(random, cast), force: random.chance(0.5) }),
  (random, at, cast) => ({
    at,
    kind: 'drain',
    server: server(random, cast),
    within: random.chance(0.5) ? null : random.spread(100, 120_000),
  }),
  (random, at, cast) => ({ at, kind: 'undrain', server: server(random, cast) }),
  (random, at, cast) => ({ at, kind: 'withdraw', model: model(random, cast) }),
  drawChange,
  drawChange,
  (random, at) => ({ at, kind: 'setLimits', limits: drawLimits(random) }),
];

/** What an admin changes of a model; sizes mostly to what is honest still. */
function drawChange(random: Random, at: number, cast: Cast): Happening {
  const { model: planned, disk } = random.pickEarly(cast.models);
  const changes = [
    { idleUnload: near(random, cast.temper.idle, 1_000, 3_600_000) },
    { enabled: random.chance(0.6) },
    { minResidency: random.spread(1, 60_000) },
    { maxQueue: random.spread(1, 5_000) },
    { gpuBytes: Math.floor((disk.gpuBytes ?? planned.gpuBytes) * (1 + 0.5 * random.next())) },
    { gpuBytes: Math.floor((disk.gpuBytes ?? planned.gpuBytes) * (random.chance(0.2) ? 0.6 : 1)) },
  ];
  return { at, kind: 'declare', model: planned.id, change: random.pick(changes) };
}

/** What an autoscaler does: servers come and go, and come back with other devices. */
export function drawScaling(random: Random, cast: Cast): Happening[] {
  const added = cast.servers.filter(({ isDeclared }) => !isDeclared);
  const first = added.map(({ spec }): Happening => {
    return { at: random.between(1, Math.max(1, cast.storm / 2)), kind: 'addServer', server: spec.id };
  });
  if (!random.chance(0.3)) return first;
  // What models need on a host alone is declared only where there is one from the start.
  const hasBare = cast.servers.some(({ setup }) => setup.devices.length === 0);
  const more = moments(random, random.spread(20_000, 600_000), cast.storm).map((at): Happening => {
    const id = server(random, cast);
    const kind = random.pick(['addServer', 'addServer', 'removeServer', 'refit'] as const);
    if (kind !== 'refit') return { at, kind, server: id };
    return {
      at,
      kind,
      server: id,
      devices: random.pick(hasBare ? [0, 1, 2, 4, 8] : [1, 2, 4, 8]),
      downFor: random.spread(100, 30_000),
    };
  });
  return [...first, ...more];
}

/** In some seeds DNS does not answer for a while, mostly from the start on. */
export function drawAwaited(random: Random, { storm }: Cast): Happening[] {
  if (!random.chance(0.3)) return [];
  const later = random.chance(0.3) ? moments(random, random.spread(60_000, 600_000), storm) : [];
  return [random.between(0, 500), ...later].map((at): Happening => {
    const lasts = random.spread(100, 60_000);
    return { at, kind: 'awaitServers', lasts: Math.max(0, Math.min(lasts, storm - at)) };
  });
}

/** What other clients do on the same servers. */
export function drawMeddling(random: Random, { models, servers, storm }: Cast): Happening[] {
  if (!random.chance(0.3)) return [];
  return moments(random, random.spread(10_000, 240_000), storm).map((at) => ({
    at,
    kind: random.pick(['strangerLoad', 'strangerUnload']),
    server: random.pick(servers).spec.id,
    model: random.pick(models).model.id,
  }));
}
