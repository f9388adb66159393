/** What others have of the GPUs of one server. */
export class Crowd {
  /** Bytes by ordinal. */
  readonly others = new Map<number, number>();
  /** Whether Berth may not have counted it yet, or has loads under way that it decided before. */
  isUnseen = false;

  /** How many GPUs there are. */
  devices = 0;

  /** Another machine: nobody else is there. */
  beginOn(devices: number): void {
    this.devices = devices;
    this.others.clear();
  }

  set(ordinal: number, bytes: number): void {
    if (bytes > 0) this.others.set(ordinal, bytes);
    else this.others.delete(ordinal);
    this.isUnseen ||= bytes > 0;
  }
}
