import type { Event, Fleet, ModelId } from '#core';

/** The models whose leases an admin's force breaks: at once, or where orders are stopped once they are not any more. */
export class ForcedUnloads {
  private isFrozen: boolean;
  private isHeld: boolean;
  private readonly putOff = new Set<ModelId>();

  /** What the fleet says of it before the first turn. */
  constructor({ frozen, held, putOff }: Readonly<Fleet>) {
    this.isFrozen = frozen !== null;
    this.isHeld = held;
    for (const { model, force } of putOff.values()) if (force) this.putOff.add(model);
  }

  /** The models whose leases are worth nothing any more once this has happened. */
  hear(event: Event): readonly ModelId[] {
    const wasStopped = this.isFrozen || this.isHeld;
    if (event.kind === 'FreezeOrdered') this.isFrozen = true;
    if (event.kind === 'FreezeEnded') this.isFrozen = false;
    if (event.kind === 'OrdersHeld') this.isHeld = event.isHeld;
    if (event.kind === 'UnloadRemembered') {
      return this.order(
        event.model,
        event.copies.some(({ force }) => force),
      );
    }
    if (event.kind === 'UnloadOrdered') return this.order(event.model, event.force);
    if (!wasStopped || this.isFrozen || this.isHeld) return [];
    const due = [...this.putOff];
    this.putOff.clear();
    return due;
  }

  /** Of two orders that wait until orders are sent again the later one counts. */
  private order(model: ModelId, force: boolean): readonly ModelId[] {
    if (!this.isFrozen && !this.isHeld) return force ? [model] : [];
    if (force) this.putOff.add(model);
    else this.putOff.delete(model);
    return [];
  }
}
