import type { Instant, Millis, OrderId } from '#core';

/** Orders whose end is never reported, such as those to a forgotten server, must not pile up. */
const MAX_OPEN = 10_000;

/** When orders were given, until they end. */
export class OrderTimes {
  private readonly given = new Map<OrderId, Instant>();

  note(order: OrderId, at: Instant): void {
    this.given.set(order, at);
    if (this.given.size <= MAX_OPEN) return;
    for (const oldest of this.given.keys()) return void this.given.delete(oldest);
  }

  /** How long it took; undefined for an order that is not known. */
  end(order: OrderId, at: Instant): Millis | undefined {
    const given = this.given.get(order);
    this.given.delete(order);
    return given === undefined ? undefined : at - given;
  }
}
