import {
  type Event,
  type EventOf,
  type Fleet,
  type Instant,
  type ModelId,
  openOrders,
  replicasOf,
} from '#core';
import type { ToldChange, ToldOrders } from './ports/declarations.js';

type Ordered = EventOf<'LoadOrdered' | 'UnloadOrdered' | 'ReloadOrdered'>;

const NOTHING: ToldOrders = { load: false, unload: [], reload: [] };

/**
 * What the store says of the orders of admins. An order is stored before it is accepted, and with every turn what is still
 * to be done of it, so that the next life goes on with that. Where a crash comes before the store was told that something
 * is done, it is done once more: a copy that was just loaded anew is so again, one that came back since is let go.
 */
export class OrderBook {
  private readonly written: Map<string, ToldOrders>;

  constructor(told: ReadonlyMap<string, ToldOrders>) {
    this.written = new Map(told);
  }

  /** What earlier lives had accepted and not done, as events. What is to be loaded has as long as if it were ordered now. */
  recall(wishedUntil: (model: string) => Instant): Event[] {
    return [...this.written].flatMap(([name, { load, unload, reload }]): Event[] => {
      const model = name as ModelId;
      return [
        ...(load ? [{ kind: 'LoadOrdered', model, until: wishedUntil(name) } as const] : []),
        ...(unload.length > 0 ? [{ kind: 'UnloadRemembered', model, copies: unload } as const] : []),
        ...(reload.length > 0 ? [{ kind: 'ReloadRemembered', model, copies: reload } as const] : []),
      ] as Event[];
    });
  }

  /** What is to be stored before this order is accepted. */
  accept(fleet: Readonly<Fleet>, order: Ordered): ToldChange[] {
    const value = this.accepted(fleet, order);
    return this.isWritten(order.model, value) ? [] : [changeTo(order.model, value)];
  }

  /** What is to be stored so that no more and no less is still to be done than the fleet says. */
  changes(fleet: Readonly<Fleet>): ToldChange[] {
    const open: ReadonlyMap<string, ToldOrders> = openOrders(fleet);
    const changes: ToldChange[] = [];
    for (const [model, value] of open)
      if (!this.isWritten(model, value)) changes.push(changeTo(model, value));
    for (const model of this.written.keys()) if (!open.has(model)) changes.push(changeTo(model, NOTHING));
    return changes;
  }

  /** Follows what was stored. */
  follow(changes: readonly ToldChange[]): void {
    for (const change of changes) {
      if (change.kind !== 'orders') continue;
      if (change.value === null) this.written.delete(change.model);
      else this.written.set(change.model, change.value);
    }
  }

  /** What one order leaves of those before it. */
  private accepted(fleet: Readonly<Fleet>, order: Ordered): ToldOrders {
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

  private isWritten(model: string, value: ToldOrders): boolean {
    return areSame(this.written.get(model) ?? NOTHING, value);
  }
}

/** Asked after every turn of every model of which an order is open: so many may be that texts would cost more than the turn. */
const areSame = (one: ToldOrders, other: ToldOrders): boolean =>
  one.load === other.load &&
  one.unload.length === other.unload.length &&
  one.reload.length === other.reload.length &&
  one.unload.every(({ server, force }, at) => {
    const copy = other.unload[at]!;
    return copy.server === server && copy.force === force;
  }) &&
  one.reload.every(({ server, hasLeft }, at) => {
    const copy = other.reload[at]!;
    return copy.server === server && copy.hasLeft === hasLeft;
  });

function changeTo(model: string, value: ToldOrders): ToldChange {
  const isNothing = !value.load && value.unload.length === 0 && value.reload.length === 0;
  return { kind: 'orders', model, value: isNothing ? null : value };
}
