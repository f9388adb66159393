/** When the network between Berth and one server lets nothing through. */
export class Partition {
  since = 0;
  until = 0;

  /** One that lasts for ever is not cut short by the next. */
  begin(now: number, lasts: number | null): void {
    if (now >= this.until) this.since = now;
    this.until = Math.max(this.until, now + (lasts ?? Infinity));
  }
}
