import { type Bytes, type Device, perhapsTaken, type Server, takenByOthers } from '#core';
import { said } from '../../checkers/memory.js';
import type { Site } from '../site.js';
import { type Check, siteOf } from './scene.js';

/** Nothing holds more than there is, but where somebody else, or an earlier life, put things Berth could only find. */
export const heldWithinCapacity: Check = (scene) => {
  const { fleet, memory, trail, life } = scene;
  if (life > 1) return;
  for (const server of fleet.servers.values()) {
    if (!isKnown(server, siteOf(scene, server.spec.id))) continue;
    for (const device of server.devices ?? []) {
      const { held, capacity } = memory(device.account);
      const isWithin = held <= mostOn(device, capacity);
      trail.expect(isWithin, () => `${said(fleet, device.account)} of ${server.spec.id}`);
    }
  }
};

/** Whether all that is there was put there by us, since its process was seen. */
const isKnown = ({ hidden, looked, lookedAt }: Server, { isMuddled, crowd, bornAt }: Site): boolean =>
  !isMuddled && !crowd.isUnseen && hidden.length === 0 && looked && lookedAt !== null && lookedAt > bornAt;

/** What others take of a GPU may be counted after ours has come: then it takes nothing new, and keeps what it has. */
const mostOn = ({ kind, capacity }: Device, left: Bytes): Bytes => (kind === 'gpu' ? capacity : left);

/**
 * What others hold is known once the books count as much for it, or the doubt about what is in use, and no load is under
 * way that was decided before. A new life of Berth does not know it before the metrics have answered once.
 */
export const othersAreSeen: Check = (scene) => {
  const { fleet } = scene;
  for (const server of fleet.servers.values()) {
    const { crowd, open } = siteOf(scene, server.spec.id);
    if (crowd.others.size > 0 && !isSampled(server)) crowd.isUnseen = true;
    if (!crowd.isUnseen) continue;
    const isCounted = [...crowd.others].every(([ordinal, bytes]) => countedOn(server, ordinal) >= bytes);
    const isLoading = [...fleet.replicas.values()].some(
      (one) => one.server === server.spec.id && one.phase === 'loading',
    );
    crowd.isUnseen = !isCounted || isLoading || open.size > 0;
  }
};

/** Whether this life of Berth has heard from all GPUs of a server that it knows how much of them is in use. */
const isSampled = ({ looked, devices, meters }: Server): boolean =>
  !looked ||
  (devices ?? []).every(({ kind, ordinal }) => {
    const meter = meters.get(ordinal);
    return kind !== 'gpu' || (meter !== undefined && (meter.foreign ?? meter.foreignWithin) !== null);
  });

function countedOn(server: Server, ordinal: number): Bytes {
  const device = server.devices?.find((one) => one.ordinal === ordinal);
  return takenByOthers(server, ordinal) + ((device && perhapsTaken(server, device)) ?? 0);
}
