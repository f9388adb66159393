import type { Event, Instant, Limits, Model, ModelId, ModelSettings, ServerId } from '#core';
import type { ToldChange, ToldOrders } from '#engine';
import type { Plan } from './plan.js';

/** What the operator has told, and what every new life of Berth is told again. */
export class Told {
  readonly models = new Map<ModelId, Model>();
  readonly drains = new Map<ServerId, Instant | null>();
  readonly servers = new Set<ServerId>();
  frozen: { readonly reason: string; readonly since: Instant } | null = null;
  /** What was ordered and accepted, and is not known to be done. */
  readonly orders = new Map<string, ToldOrders>();
  limits: Limits;
  readonly defaults: ModelSettings;

  constructor(plan: Plan) {
    this.limits = plan.limits;
    this.defaults = plan.defaults;
    for (const { spec, isDeclared } of plan.servers) if (isDeclared) this.servers.add(spec.id);
    for (const { model, isDeclared } of plan.models) if (isDeclared) this.models.set(model.id, model);
  }

  /** Writes down what becomes of orders. */
  follow(changes: readonly ToldChange[]): void {
    for (const change of changes) {
      if (change.kind !== 'orders') continue;
      if (change.value === null) this.orders.delete(change.model);
      else this.orders.set(change.model, change.value);
    }
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
