import type { Timers } from '../agenda.js';
import type { Place } from './simulated-model.js';

/** One GPU of a simulated server. */
export interface SimulatedDevice {
  readonly ordinal: number;
  readonly uuid: string;
  readonly memoryBytes: number;
}

/** Bytes at one place. */
export interface Holding {
  readonly place: Place;
  readonly bytes: number;
}

interface Area {
  readonly capacity: number;
  readonly holders: Map<string, number>;
  used: number;
  peak: number;
  reported: number;
  reportedAt: number;
}

/** Finite memory, with a name on every byte that is taken. It outlives no process: each start has a new one. */
export class DeviceMemory {
  private readonly areas = new Map<Place, Area>();

  constructor(
    private readonly timers: Timers,
    private readonly reportEveryMs: number,
    devices: readonly SimulatedDevice[],
    hostBytes: number,
  ) {
    for (const device of devices) this.areas.set(device.ordinal, emptyArea(device.memoryBytes));
    this.areas.set('host', emptyArea(hostBytes));
  }

  /** The first place that cannot take its share; undefined when all fits. What was asked counts towards the peak. */
  firstTooFull(holdings: readonly Holding[]): Holding | undefined {
    const asked = new Map<Place, number>();
    for (const { place, bytes } of holdings) asked.set(place, (asked.get(place) ?? 0) + bytes);
    let tooFull: Holding | undefined;
    for (const [place, bytes] of asked) {
      const area = this.area(place);
      area.peak = Math.max(area.peak, area.used + bytes);
      if (tooFull === undefined && area.used + bytes > area.capacity) tooFull = { place, bytes };
    }
    return tooFull;
  }

  take(holder: string, holdings: readonly Holding[]): void {
    for (const { place, bytes } of holdings) this.set(holder, place, this.held(holder, place) + bytes);
  }

  giveBack(holder: string, holdings: readonly Holding[]): void {
    for (const { place, bytes } of holdings)
      this.set(holder, place, Math.max(0, this.held(holder, place) - bytes));
  }

  /** Sets what `holder` has at one place, whatever it had. */
  set(holder: string, place: Place, bytes: number): void {
    const area = this.area(place);
    this.report(area);
    area.used += bytes - (area.holders.get(holder) ?? 0);
    area.peak = Math.max(area.peak, area.used);
    if (bytes > 0) area.holders.set(holder, bytes);
    else area.holders.delete(holder);
  }

  free(holder: string): void {
    for (const place of this.areas.keys()) this.set(holder, place, 0);
  }

  held(holder: string, place: Place): number {
    return this.area(place).holders.get(holder) ?? 0;
  }

  /** All that one holder has, place by place. */
  holdingsOf(holder: string): readonly Holding[] {
    const held = [...this.areas.keys()].map((place) => ({ place, bytes: this.held(holder, place) }));
    return held.filter(({ bytes }) => bytes > 0);
  }

  used(place: Place): number {
    return this.area(place).used;
  }

  capacity(place: Place): number {
    return this.area(place).capacity;
  }

  /** The most that was ever asked of one place, granted or not. */
  peak(place: Place): number {
    return this.area(place).peak;
  }

  /** Lets the metrics show what is in use now, as they do when a server has just started. */
  reportNow(): void {
    for (const area of this.areas.values()) area.reported = area.used;
  }

  /** What the metrics say: the use at the last tick of their interval. */
  reported(place: Place): number {
    const area = this.area(place);
    this.report(area);
    return area.reported;
  }

  private report(area: Area): void {
    const tick = this.reportEveryMs > 0 ? Math.floor(this.timers.now() / this.reportEveryMs) : NaN;
    if (tick === area.reportedAt) return;
    area.reported = area.used;
    area.reportedAt = tick;
  }

  private area(place: Place): Area {
    const area = this.areas.get(place);
    if (area === undefined) throw new Error(`memory of ${place}: there is no such place`);
    return area;
  }
}

function emptyArea(capacity: number): Area {
  return { capacity, holders: new Map(), used: 0, peak: 0, reported: 0, reportedAt: -1 };
}
