import { type Fleet, type ModelId, openOrders, type ServerId } from '#core';
import type { Observer, StoredOrders } from '#engine';
import type { Trail } from '../trail.js';

/**
 * What one life of Berth had accepted and not done, the next one has before it in its first turn, but where nothing is left
 * that it could be about: the model is withdrawn or switched off, or all the servers are. So has it what was on the disk
 * when that life died before it could accept it: the caller has no answer, and may find it done or not.
 */
export class Heirs implements Observer {
  private isToldOf = false;

  constructor(
    private readonly left: ReadonlyMap<ModelId, StoredOrders>,
    private readonly trail: Trail,
  ) {}

  turnTaken(_: unknown, fleet: Fleet): void {
    if (this.isToldOf) return;
    this.isToldOf = true;
    const open = openOrders(fleet);
    for (const [model, orders] of this.left) {
      if (!fleet.models.get(model)?.enabled || !isAbout(fleet, orders)) continue;
      this.trail.mark('orders outlive a life of Berth');
      this.trail.expect(open.has(model), () => `what was ordered of ${model} in the last life is forgotten`);
    }
  }
}

const isAbout = ({ servers }: Fleet, { load, unload, reload }: StoredOrders): boolean =>
  load || [...unload, ...reload].some(({ server }) => servers.has(server as ServerId));
