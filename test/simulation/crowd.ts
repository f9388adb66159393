/** Others on one GPU. */
interface Others {
  readonly bytes: number;
  readonly since: number;
  /** From when Berth has to count on them. */
  knownFrom: number;
}

/** What others have of the GPUs of one server, and since when Berth could know of it. */
export class Crowd {
  /** By ordinal. */
  private readonly others = new Map<number, Others>();
  /** How many GPUs there are. */
  devices = 0;

  /** Another machine: no other process is there. */
  beginOn(devices: number): void {
    this.devices = devices;
    this.others.clear();
  }

  /** Bytes that other processes have of one GPU. */
  on(ordinal: number): number {
    return this.others.get(ordinal)?.bytes ?? 0;
  }

  /** Other processes have so much of one GPU from now on: that is a surprise. */
  set(ordinal: number, bytes: number, now: number): void {
    if (bytes > 0) this.others.set(ordinal, { bytes, since: now, knownFrom: Infinity });
    else this.others.delete(ordinal);
  }

  /** Since when other processes have what they have of one GPU; null where they have nothing. */
  since(ordinal: number): number | null {
    return this.others.get(ordinal)?.since ?? null;
  }

  /** Berth counts on the other processes on one GPU from now on. */
  show(ordinal: number, now: number): void {
    const others = this.others.get(ordinal);
    if (others) others.knownFrom = Math.min(others.knownFrom, now);
  }

  /** Berth may have forgotten the other processes, or sees them no more: on one GPU, or on all. */
  hide(ordinal?: number): void {
    for (const [at, others] of this.others)
      if (ordinal === undefined || at === ordinal) others.knownFrom = Infinity;
  }

  /** Bytes that Berth had to count on when it decided something then. */
  knownAt(ordinal: number, at: number): number {
    const others = this.others.get(ordinal);
    return others && at >= others.knownFrom ? others.bytes : 0;
  }
}
