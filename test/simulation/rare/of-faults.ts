import type { Fleet, Instant, Millis, Ready, Replica, ServerId } from '#core';

/** Whether a lease ends in a pause that is longer than it: the process wakes up in another world. */
export function isPausedOverLease(fleet: Readonly<Fleet>, now: Instant, lasts: Millis): boolean {
  return readyIn(fleet).some(
    ({ inUseUntil, lastUse }) => inUseUntil > now && inUseUntil < now + lasts && inUseUntil - lastUse < lasts,
  );
}

/** Whether something on the server is on its way to being idle: no wall clock may shorten that. */
export function isIdleRunning(fleet: Readonly<Fleet>, server: ServerId, now: Instant): boolean {
  return readyIn(fleet).some((replica) => {
    const { idleUnload } = fleet.models.get(replica.model) ?? fleet.defaults;
    return replica.server === server && idleUnload !== null && replica.inUseUntil < now;
  });
}

/** Whether a load is written down as ordered, and no server has got it. */
export function hasUnsentLoad(fleet: Readonly<Fleet>, isOpen: (replica: Replica) => boolean): boolean {
  return [...fleet.unsettled].some((id) => {
    const replica = fleet.replicas.get(id)!;
    return replica.phase === 'loading' && replica.coLoadedBy === null && !isOpen(replica);
  });
}

const readyIn = ({ replicas }: Readonly<Fleet>): Ready[] =>
  [...replicas.values()].filter((replica): replica is Ready => replica.phase === 'ready');
