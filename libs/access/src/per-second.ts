/** A bound of how often something is done within one second of the clock. */
export class PerSecond {
  private second = NaN;
  private done = 0;

  constructor(private readonly most: number) {}

  /** Whether it may be done once more at this moment, in milliseconds; then it counts. */
  take(now: number): boolean {
    const second = Math.floor(now / 1_000);
    if (second !== this.second) {
      this.second = second;
      this.done = 0;
    }
    if (this.done >= this.most) return false;
    this.done += 1;
    return true;
  }
}
