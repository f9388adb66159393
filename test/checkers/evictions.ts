import type { AccountId, Fleet, Instant, ModelId, Replica } from '#core';
import { evictedIn, type TurnCheck, type TurnScene } from './scene.js';

const MINUTE = 60_000;

/** On one device others are evicted for only so many loads in a minute; pins and starving requests are exempt. */
export function evictionsAreBounded(start: Readonly<Fleet>): TurnCheck {
  const evictions = new Map<AccountId, Instant[]>(
    Array.from(start.evictions, ([id, times]) => [id, [...times]]),
  );
  return (scene) => {
    const { turn, fleet, trail } = scene;
    const budget = fleet.limits.loadsPerDevicePerMinute;
    const newcomers = [...new Set(evictedIn(scene).map((one) => one.newcomer))].map((newcomer) => {
      return { newcomer, isFree: isExempt(scene, newcomer) };
    });
    // A turn does not say which came first: those that are exempt had no need to.
    newcomers.sort((one, other) => Number(one.isFree) - Number(other.isFree));
    for (const { newcomer, isFree } of newcomers) {
      for (const account of devicesGiven(scene, newcomer)) {
        const young = (evictions.get(account) ?? []).filter((at) => at + MINUTE > turn.now);
        evictions.set(account, [...young, turn.now]);
        if (young.length > 0) trail.mark('evicted again within a minute');
        trail.expect(
          isFree || young.length < budget,
          () => `others left ${account} for ${newcomer}, the ${young.length + 1}th within a minute`,
        );
      }
    }
  };
}

const isExempt = ({ turn, fleet, wantedBefore }: TurnScene, newcomer: ModelId): boolean =>
  turn.now - (wantedBefore.get(newcomer) ?? turn.now) >= fleet.limits.starvation ||
  (fleet.models.get(newcomer)?.pinnedCopies ?? 0) > 0;

/** The GPUs that a model got a place on in this turn; none where it got two, of which one may have been free. */
function devicesGiven({ changes, fleet }: TurnScene, model: string): readonly AccountId[] {
  const given = changes.filter(({ was, now }) => now?.model === model && isGiven(was, now));
  const { now } = given.length === 1 ? given[0]! : { now: undefined };
  if (!now) return [];
  const { devices } = now;
  const { devices: all } = fleet.servers.get(now.server)!;
  return (all ?? [])
    .filter(({ kind, ordinal }) => kind === 'gpu' && devices.includes(ordinal))
    .map(({ account }) => account);
}

const isGiven = (was: Replica | undefined, now: Replica): boolean =>
  !was && (now.phase === 'placed' || now.phase === 'loading');
