import type { Device, Fleet, Replica, Server } from '#core';
import type { Site } from '../site.js';
import { type Check, type Scene, siteOf } from './scene.js';

/** Two of Triton's metric intervals: a look begun so long after a change shows it. */
const SHOWN_AFTER = 4_000;

/** The servers as the present life of Berth has them. */
const met = new WeakSet<Server>();

/**
 * Notes from when Berth has to count on what others have of each GPU: from the first look that shows it while none of ours
 * is at work there, or from when it hears that a load ran out. So no load that is decided later may run out for them: at
 * most one fails for each surprise, and those decided beside it.
 */
export const countsOnOthers: Check = (scene) => {
  for (const server of scene.fleet.servers.values()) {
    const site = siteOf(scene, server.spec.id);
    // Another life of Berth remembers nothing of them.
    if (!met.has(server)) site.crowd.hide();
    met.add(server);
    for (const device of server.devices ?? []) {
      if (device.kind !== 'gpu') continue;
      if (device.used === null) site.crowd.hide(device.ordinal);
      else if (isShown(scene, server, site, device)) site.crowd.show(device.ordinal, scene.turn.now);
    }
  }
};

const isShown = (scene: Scene, server: Server, site: Site, device: Device): boolean =>
  ranOutOn(scene, server, device) ||
  (isLookedAt(scene, server, site, device) && !isBusy(scene, server, device));

/** Whether a look of this turn that is believed began long enough after others had come. */
function isLookedAt({ turn }: Scene, server: Server, { crowd }: Site, { ordinal }: Device): boolean {
  const since = crowd.since(ordinal);
  if (since === null || server.statisticsAt === null || server.statisticsAt < since + SHOWN_AFTER)
    return false;
  return turn.events.some(
    (event) =>
      event.kind === 'Looked' &&
      event.server === server.spec.id &&
      event.look.begunAt === server.statisticsAt,
  );
}

/** Whether the load of something was at work on a device before the turn: what it takes yet is in no look. */
const isBusy = ({ before }: Scene, { spec }: Server, { ordinal }: Device): boolean =>
  [...before.values()].some((one) => one.server === spec.id && isAtWork(one) && isOn(one, ordinal));

const isAtWork = (replica: Replica): boolean =>
  replica.phase === 'ready'
    ? replica.change?.order != null
    : replica.phase === 'loading' || replica.phase === 'unknown';

const isOn = (replica: Replica, ordinal: number): boolean =>
  replica.devices.includes(ordinal) ||
  (replica.phase === 'ready' && (replica.change?.devices.includes(ordinal) ?? false));

/** Whether this turn heard that a load there had run out of memory, where more was not yet booked than there is. */
function ranOutOn({ turn, before, fleet }: Scene, { spec }: Server, device: Device): boolean {
  return turn.events.some((event) => {
    if (event.kind !== 'LoadEnded' || event.outcome.kind !== 'failed') return false;
    const replica = before.get(event.replica);
    const isHere = replica?.server === spec.id && isAtWork(replica) && isOn(replica, device.ordinal);
    return isHere && event.outcome.cause === 'capacity' && isHeard(fleet, event.replica);
  });
}

/** What is late about an earlier order of the same model is not heard. */
const isHeard = ({ replicas }: Fleet, id: Replica['id']): boolean => replicas.get(id)?.phase !== 'loading';
