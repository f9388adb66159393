import type { Event, Instant, Limits, Model, ModelId, ModelSettings, ServerId } from '#core';
import type { DeclarationChange, StoredOrders } from '#engine';
import type { Plan } from './plan.js';

/** What the operator has told, and what every new life of Berth is told again. */
export class Told {
  readonly models = new Map<ModelId, Model>();
  readonly drains = new Map<ServerId, Instant | null>();
  readonly servers = new Set<ServerId>();
  frozen: { readonly reason: string; readonly since: Instant } | null = null;
  /** What was ordered and accepted, and is not known to be done. */
  readonly orders = new Map<string, StoredOrders>();
  /** The models of which an order is on the disk, and the life that was to accept it has not heard so. */
  readonly unheard = new Set<ModelId>();
  limits: Limits;
  readonly defaults: ModelSettings;

  constructor(plan: Plan) {
    this.limits = plan.limits;
    this.defaults = plan.defaults;
    for (const { spec, isDeclared } of plan.servers) if (isDeclared) this.servers.add(spec.id);
    for (const { model, isDeclared } of plan.models) if (isDeclared) this.models.set(model.id, model);
  }

  /** Writes down what becomes of orders. */
  follow(changes: readonly DeclarationChange[]): void {
    for (const change of changes) {
      if (change.kind !== 'orders') continue;
      if (change.value === null) this.orders.delete(change.model);
      else this.orders.set(change.model, change.value);
    }
  }

  /**
   * What a new life has to do, by what the last one had accepted and not done. An order that was on the disk when that life
   * died was never answered; it stands all the same, and what was accepted before gives way to it.
   */
  inherited(left: ReadonlyMap<ModelId, StoredOrders>): ReadonlyMap<ModelId, StoredOrders> {
    const inherited = new Map(left);
    for (const model of this.unheard) {
      const orders = this.orders.get(model);
      if (orders) inherited.set(model, orders);
      else inherited.delete(model);
    }
    this.unheard.clear();
    return inherited;
  }

  /** All but the orders, of which the product's own book tells. */
  events(): Event[] {
    return [
      ...[...this.models.values()].map((model): Event => ({ kind: 'ModelDeclared', model })),
      ...[...this.drains].map(([server, deadline]): Event => ({ kind: 'DrainOrdered', server, deadline })),
      ...(this.frozen ? [{ kind: 'FreezeOrdered', ...this.frozen } as const] : []),
    ];
  }
}
