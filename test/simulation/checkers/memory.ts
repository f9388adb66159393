import { type Bytes, type Device, takenByOthers } from '#core';
import { said } from '../../checkers/memory.js';
import { type Check, siteOf } from './scene.js';

/** Nothing holds more than there is, but where somebody else, or an earlier life, put things Berth could only find. */
export const heldWithinCapacity: Check = (scene) => {
  const { fleet, memory, trail, life } = scene;
  if (life > 1) return;
  for (const { spec, devices, hidden, looked, lookedAt } of fleet.servers.values()) {
    const site = siteOf(scene, spec.id);
    const isSeen = looked && lookedAt !== null && lookedAt > site.bornAt;
    if (site.isMuddled || site.crowd.isUnseen || hidden.length > 0 || !isSeen) continue;
    for (const device of devices ?? []) {
      const { held, capacity } = memory(device.account);
      trail.expect(held <= mostOn(device, capacity), () => `${said(fleet, device.account)} of ${spec.id}`);
    }
  }
};

/** What others take of a GPU may be counted after ours has come: then it takes nothing new, and keeps what it has. */
const mostOn = ({ kind, capacity }: Device, left: Bytes): Bytes => (kind === 'gpu' ? capacity : left);

/** What others hold is known once the books count as much for it, and no load is under way that was decided before. */
export const othersAreSeen: Check = (scene) => {
  const { fleet } = scene;
  for (const server of fleet.servers.values()) {
    const { crowd, open } = siteOf(scene, server.spec.id);
    if (!crowd.isUnseen) continue;
    const isCounted = [...crowd.others].every(([ordinal, bytes]) => takenByOthers(server, ordinal) >= bytes);
    const isLoading = [...fleet.replicas.values()].some(
      (one) => one.server === server.spec.id && one.phase === 'loading',
    );
    crowd.isUnseen = !isCounted || isLoading || open.size > 0;
  }
};
