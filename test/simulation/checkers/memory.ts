import { said } from '../../checkers/memory.js';
import { type Check, siteOf } from './scene.js';

/** Nothing holds more than there is, but where somebody else, or an earlier life, put things Berth could only find. */
export const heldWithinCapacity: Check = (scene) => {
  const { fleet, memory, trail, life } = scene;
  if (life > 1) return;
  for (const { spec, devices, hidden, looked, lookedAt } of fleet.servers.values()) {
    const site = siteOf(scene, spec.id);
    const isSeen = looked && lookedAt !== null && lookedAt > site.bornAt;
    if (site.isMuddled || hidden.length > 0 || !isSeen) continue;
    for (const { account } of devices ?? []) {
      const { held, capacity } = memory(account);
      trail.expect(held <= capacity, () => `${said(fleet, account)} of ${spec.id}`);
    }
  }
};
