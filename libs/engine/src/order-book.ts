import {
  type Event,
  type EventOf,
  type Fleet,
  type Instant,
  type ModelId,
  openOrders,
  replicasOf,
} from '#core';
import type { DeclarationChange, StoredOrders } from './ports/declarations.js';

type Ordered = EventOf<'LoadOrdered' | 'UnloadOrdered' | 'ReloadOrdered'>;

const NOTHING: StoredOrders = { load: false, unload: [], reload: [] };

/**
 * Keeps the orders of admins in the store. An order is stored before it is accepted, and after every turn the part that
 * is still to be done, so that the next life goes on with that. A part that was done shortly before a crash may be done
 * again: a reloaded copy is reloaded once more, and an unloaded copy that has come back is unloaded.
 */
export class OrderBook {
  private readonly written: Map<string, StoredOrders>;

  constructor(told: ReadonlyMap<string, StoredOrders>) {
    this.written = new Map(told);
  }

  /** The orders that earlier lives accepted and did not finish, as events. A load has as much time as if ordered now. */
  recall(orderedUntil: (model: string) => Instant): Event[] {
    return [...this.written].flatMap(([name, { load, unload, reload }]): Event[] => {
      const model = name as ModelId;
      return [
        ...(load ? [{ kind: 'LoadOrdered', model, until: orderedUntil(name) } as const] : []),
        ...(unload.length > 0 ? [{ kind: 'UnloadRemembered', model, copies: unload } as const] : []),
        ...(reload.length > 0 ? [{ kind: 'ReloadRemembered', model, copies: reload } as const] : []),
      ] as Event[];
    });
  }

  /** The changes to be stored before this order is accepted. */
  accept(fleet: Readonly<Fleet>, order: Ordered): DeclarationChange[] {
    const value = this.accepted(fleet, order);
    return this.isWritten(order.model, value) ? [] : [changeTo(order.model, value)];
  }

  /** The changes that bring the store in line with the fleet. */
  changes(fleet: Readonly<Fleet>): DeclarationChange[] {
    const open: ReadonlyMap<string, StoredOrders> = openOrders(fleet);
    const changes: DeclarationChange[] = [];
    for (const [model, value] of open)
      if (!this.isWritten(model, value)) changes.push(changeTo(model, value));
    for (const model of this.written.keys()) if (!open.has(model)) changes.push(changeTo(model, NOTHING));
    return changes;
  }

  /** Notes changes that were stored. */
  follow(changes: readonly DeclarationChange[]): void {
    for (const change of changes) {
      if (change.kind !== 'orders') continue;
      if (change.value === null) this.written.delete(change.model);
      else this.written.set(change.model, change.value);
    }
  }

  /** The open orders of a model once this one is accepted. */
  private accepted(fleet: Readonly<Fleet>, order: Ordered): StoredOrders {
    const servers = replicasOf(fleet, order.model).map(({ server }) => server);
    switch (order.kind) {
      case 'LoadOrdered':
        return { load: true, unload: [], reload: this.written.get(order.model)?.reload ?? [] };
      case 'UnloadOrdered':
        return { ...NOTHING, unload: servers.map((server) => ({ server, force: order.force })) };
      case 'ReloadOrdered':
        return {
          load: servers.length === 0,
          unload: [],
          reload: servers.map((server) => ({ server, hasLeft: false })),
        };
    }
  }

  private isWritten(model: string, value: StoredOrders): boolean {
    return areSame(this.written.get(model) ?? NOTHING, value);
  }
}

/** Compares field by field: this runs after every turn for every open order, and texts would cost more than the turn. */
const areSame = (one: StoredOrders, other: StoredOrders): boolean =>
  one.load === other.load &&
  areAll(one.unload, other.unload, (a, b) => a.server === b.server && a.force === b.force) &&
  areAll(one.reload, other.reload, (a, b) => a.server === b.server && a.hasLeft === b.hasLeft);

const areAll = <Item>(some: readonly Item[], others: readonly Item[], alike: (a: Item, b: Item) => boolean) =>
  some.length === others.length && some.every((one, at) => alike(one, others[at]!));

function changeTo(model: string, value: StoredOrders): DeclarationChange {
  const isNothing = !value.load && value.unload.length === 0 && value.reload.length === 0;
  return { kind: 'orders', model, value: isNothing ? null : value };
}
