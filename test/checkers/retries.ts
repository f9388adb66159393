import {
  type ActionOf,
  type Event,
  type FailureCause,
  type Fleet,
  type Instant,
  isComing,
  type Millis,
  type OrderId,
  replicaId,
  type ServerId,
} from '#core';
import type { TurnCheck, TurnScene } from './scene.js';

const loadsIn = ({ turn }: TurnScene): ActionOf<'load'>[] =>
  turn.actions.filter((action) => action.kind === 'load');

/** What failed in this turn is waited out for neither less nor more than it may be. */
export const backOffsAreBounded: TurnCheck = ({ turn, fleet, trail }) => {
  for (const event of turn.events) {
    if (event.kind !== 'LoadEnded' || event.outcome.kind !== 'failed') continue;
    const cooldown = fleet.cooldowns.get(event.replica);
    if (cooldown?.at !== turn.now) continue;
    const [least, most] = boundsOf(cooldown.cause, cooldown.failures);
    const wait = cooldown.until - cooldown.at;
    trail.expect(wait >= least && wait <= most, () => `${event.replica} is to be waited out for ${wait} ms`);
    const breaker = fleet.breakers.get(cooldown.model);
    if (!breaker) continue;
    const [shortest, longest] = boundsOf(breaker.cause, breaker.failures);
    const open = breaker.until - turn.now;
    const isBounded = open <= longest && (open >= shortest || breaker.cause !== cooldown.cause);
    trail.expect(isBounded, () => `${cooldown.model} is to be loaded nowhere for ${open} ms`);
  }
};

function boundsOf(cause: FailureCause, failures: number): readonly [least: Millis, most: Millis] {
  const isLasting = cause === 'configuration' || cause === 'missing';
  return isLasting
    ? [5_000, Math.min(300_000, 10_000 * 2 ** (failures - 1))]
    : [500, Math.min(60_000, 1_000 * 2 ** (failures - 1))];
}

/** After too many failures in a row a model is loaded nowhere until its breaker half-opens, and then by one load at a time. */
export const triedOneAtATime: TurnCheck = (scene) => {
  const { turn, fleet, trail } = scene;
  if (fleet.breakers.size === 0) return;
  for (const { replica: id, model, brings } of loadsIn(scene)) {
    for (const one of [model, ...brings]) {
      const breaker = fleet.breakers.get(one);
      if (!breaker) continue;
      trail.mark('tried once more after too many failures');
      trail.expect(breaker.until <= turn.now, () => `${id} is loaded while ${one} is to be nowhere`);
      const coming = [...(fleet.holders.get(one) ?? [])].filter((other) =>
        isComing(fleet, fleet.replicas.get(other)!, turn.now),
      );
      trail.expect(coming.length <= 1, () => `${id} is loaded beside ${coming.join(', ')}`);
    }
  }
};

const AT_ONCE = 10;
const ONE_EACH: Millis = 10_000;

/** Loads that repeat a failed one are few on each server: ten at once, one in ten seconds, one for ten that succeed. */
export function retriesAreFew(start: Readonly<Fleet>): TurnCheck {
  const fullAt = new Map<ServerId, Instant>(
    Array.from(start.servers.values(), ({ spec, retriesFullAt }) => [spec.id, retriesFullAt]),
  );
  const counted = new Map<OrderId, ServerId>();
  return (scene) => {
    const { turn, fleet, trail } = scene;
    for (const event of turn.events) {
      earn(event, fleet, fullAt);
      if (event.kind !== 'LoadEnded') continue;
      const server = counted.get(event.order);
      // What was never sent has repeated nothing.
      if (server && event.outcome.kind === 'unsent') fullAt.set(server, fullAt.get(server)! - ONE_EACH);
      counted.delete(event.order);
    }
    for (const load of loadsIn(scene)) {
      if (!isRetry(load, fleet)) continue;
      const { replica, server } = load;
      const next = Math.max(fullAt.get(server) ?? -Infinity, turn.now) + ONE_EACH;
      fullAt.set(server, next);
      counted.set(load.order, server);
      if (next > turn.now + (AT_ONCE - 1) * ONE_EACH) trail.mark('asked as often as may be for what failed');
      const isFew = next <= turn.now + AT_ONCE * ONE_EACH;
      trail.expect(isFew, () => `${replica} is one load too many of those that failed on ${server}`);
    }
  };
}

function earn(event: Event, { replicas }: Readonly<Fleet>, fullAt: Map<ServerId, Instant>): void {
  if (event.kind === 'ServerWithdrawn') fullAt.delete(event.server);
  if (event.kind !== 'LoadEnded' || event.outcome.kind !== 'succeeded') return;
  const server = replicas.get(event.replica)?.server;
  if (server) fullAt.set(server, (fullAt.get(server) ?? -Infinity) - ONE_EACH / 10);
}

const isRetry = ({ server, model, brings }: ActionOf<'load'>, { cooldowns }: Readonly<Fleet>): boolean =>
  [model, ...brings].some((one) => cooldowns.has(replicaId(one, server)));
