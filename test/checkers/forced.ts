import type { Event, Fleet, ModelId } from '#core';

/** The models whose leases an admin's force breaks: at once, or in a frozen fleet with the end of the freeze. */
export class ForcedUnloads {
  private isFrozen: boolean;
  private readonly putOff = new Set<ModelId>();

  /** What the fleet says of it before the first turn. */
  constructor({ frozen, putOff }: Readonly<Fleet>) {
    this.isFrozen = frozen !== null;
    for (const { model, force } of putOff.values()) if (force) this.putOff.add(model);
  }

  /** The models whose leases are worth nothing any more once this has happened. */
  hear(event: Event): readonly ModelId[] {
    if (event.kind === 'FreezeOrdered') this.isFrozen = true;
    if (event.kind === 'UnloadRemembered') {
      return this.order(
        event.model,
        event.copies.some(({ force }) => force),
      );
    }
    if (event.kind === 'UnloadOrdered') return this.order(event.model, event.force);
    if (event.kind !== 'FreezeEnded') return [];
    const due = [...this.putOff];
    this.isFrozen = false;
    this.putOff.clear();
    return due;
  }

  /** Of two orders that wait for the end of a freeze the later one counts. */
  private order(model: ModelId, force: boolean): readonly ModelId[] {
    if (!this.isFrozen) return force ? [model] : [];
    if (force) this.putOff.add(model);
    else this.putOff.delete(model);
    return [];
  }
}
