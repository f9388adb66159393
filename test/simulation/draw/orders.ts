import type { Happening } from '../happenings.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';
import { near } from './settings.js';

/** What the operator does. */
export function drawOrders(random: Random, cast: Cast): Happening[] {
  if (!random.chance(0.6)) return [];
  return moments(random, random.spread(5_000, 240_000), cast.storm).map((at) => drawOrder(random, at, cast));
}

function drawOrder(random: Random, at: number, { models, servers, temper }: Cast): Happening {
  const model = random.pickEarly(models).model.id;
  const server = random.pick(servers).spec.id;
  const orders: readonly (() => Happening)[] = [
    () => ({ at, kind: 'pin', model, copies: random.chance(0.8) ? 1 : 2 }),
    () => ({ at, kind: 'unpin', model }),
    () => ({ at, kind: 'orderLoad', model }),
    () => ({ at, kind: 'orderUnload', model, force: random.chance(0.5) }),
    () => ({ at, kind: 'drain', server, within: random.chance(0.5) ? null : random.between(1_000, 30_000) }),
    () => ({ at, kind: 'undrain', server }),
    () => ({ at, kind: 'withdraw', model }),
    () => ({
      at,
      kind: 'declare',
      model,
      enabled: random.chance(0.9),
      idleUnload: near(random, temper.idle, 1_000, 3_600_000),
    }),
  ];
  return random.pick(orders)();
}

/** What somebody else does on the same servers. */
export function drawMeddling(random: Random, { models, servers, storm }: Cast): Happening[] {
  if (!random.chance(0.3)) return [];
  return moments(random, random.spread(10_000, 240_000), storm).map((at) => ({
    at,
    kind: random.pick(['strangerLoad', 'strangerUnload']),
    server: random.pick(servers).spec.id,
    model: random.pick(models).model.id,
  }));
}
