/** What others have of the GPUs of one server. */
export class Crowd {
  /** Bytes by ordinal. */
  private readonly others = new Map<number, number>();
  /** How many GPUs there are. */
  devices = 0;

  /** Another machine: nobody else is there. */
  beginOn(devices: number): void {
    this.devices = devices;
    this.others.clear();
  }

  /** Bytes that they have of one. */
  on(ordinal: number): number {
    return this.others.get(ordinal) ?? 0;
  }

  set(ordinal: number, bytes: number): void {
    if (bytes > 0) this.others.set(ordinal, bytes);
    else this.others.delete(ordinal);
  }
}
