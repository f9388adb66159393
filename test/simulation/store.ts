import type { Footprint, Instant, LoadTimes, Millis, ModelId, ServerId } from '#core';
import type { Learned, LearnedChange, LearnedLeases, LearnedLoadTimes, LearnedServer } from '#engine';
import type { Timers } from '#triton-simulator';
import type { DiskHealth } from './disk-health.js';

/** How long a write takes on a healthy disk. */
export const WRITE_TAKES: Millis = 2;

/** Where a crash is to come: at the next write of this kind, before or after it has reached the disk. */
export interface CrashPoint {
  readonly write: 'learned' | 'told';
  readonly when: 'before' | 'after';
  readonly crash: () => void;
}

/** What was learned and told, on a disk that outlives every Berth; one write after the other. */
export class Store {
  /** The disk is full. */
  isFailing = false;
  /** How long a write takes. */
  takes = WRITE_TAKES;
  /** When all that was told so far is on the disk, whichever life of Berth it was told to. */
  tellsEndAt: Instant = 0;
  /** When all writes so far are on the disk. */
  idleAt: Instant = 0;
  /** When the last write is over that the disk did not take, or took slowly. */
  private troubledUntil: Instant = -Infinity;
  private crashPoint: CrashPoint | undefined;
  private teller: Timers | undefined;
  private readonly servers = new Map<ServerId, LearnedServer>();
  private readonly ordered = new Map<ServerId, readonly ModelId[]>();
  private readonly steps = new Map<ModelId, readonly ModelId[]>();
  private readonly loadTimes = new Map<ModelId, LearnedLoadTimes>();
  private readonly loadPaces = new Map<ServerId, LoadTimes>();
  private readonly footprints = new Map<ModelId, Footprint>();
  private readonly leases = new Map<ServerId, LearnedLeases>();

  constructor(private readonly disk: Timers) {}

  /**
   * The store as one life of Berth has it: what that did not hear of may be written all the same, but not once the next life has read:
   * a store is opened by one process at a time.
   */
  openedBy(process: Timers, health: DiskHealth): Learned {
    return {
      read: () => this.read(process),
      write: (changes) =>
        health.of(this.write('learned', () => changes.forEach((change) => this.apply(change)), process)),
    };
  }

  /** Whether a model counts as ordered on a server, whatever becomes of the process that ordered it. */
  hasOrdered(server: ServerId, model: ModelId): boolean {
    return this.ordered.get(server)?.includes(model) ?? false;
  }

  private async read(process: Timers): Promise<ReturnType<Store['facts']>> {
    const left = this.idleAt - this.disk.now();
    if (left > 0) await new Promise<void>((resolve) => process.after(left, resolve));
    return this.facts();
  }

  private facts() {
    return {
      servers: new Map(this.servers),
      ordered: new Map(this.ordered),
      steps: new Map(this.steps),
      loadTimes: new Map(this.loadTimes),
      loadPaces: new Map(this.loadPaces),
      footprints: new Map(this.footprints),
      leases: new Map(this.leases),
      wants: [],
    };
  }

  /** What an operator has told is on the disk once this resolves, for the process that waits for it. */
  async tell(apply: () => void, process: Timers): Promise<void> {
    this.teller = process;
    try {
      await this.write('told', apply, process);
    } finally {
      this.teller = undefined;
    }
  }

  /** Whether a process is not still writing something it was told: writes come one after the other. */
  isIdleFor(process: Timers): boolean {
    return this.teller !== process;
  }

  /** Since when the disk takes what it is given, and at once; Infinity where it does not, or where Berth is to die of it. */
  get wellSince(): Instant {
    return this.isTroubled || this.crashPoint?.write === 'learned' ? Infinity : this.troubledUntil;
  }

  private get isTroubled(): boolean {
    return this.isFailing || this.takes > WRITE_TAKES;
  }

  crashAt(point: CrashPoint): void {
    this.crashPoint = point;
  }

  private write(kind: CrashPoint['write'], apply: () => void, process: Timers): Promise<void> {
    return new Promise((resolve, reject) => {
      const point = this.takeCrashPoint(kind);
      if (point?.when === 'before') return void this.disk.after(0, point.crash);
      if (this.isTroubled) this.troubledUntil = Math.max(this.idleAt, this.disk.now()) + this.takes;
      if (this.isFailing) {
        return void process.after(this.takes, () => reject(new Error('no space left on the disk')));
      }
      const now = this.disk.now();
      const begun = Math.max(now, this.idleAt);
      this.idleAt = begun + this.takes;
      if (kind === 'told') this.tellsEndAt = this.idleAt;
      this.disk.after(begun + this.takes / 2 - now, () => {
        apply();
        point?.crash();
      });
      process.after(this.idleAt - now, resolve);
    });
  }

  private takeCrashPoint(write: CrashPoint['write']): CrashPoint | undefined {
    const point = this.crashPoint;
    if (point?.write !== write) return undefined;
    this.crashPoint = undefined;
    return point;
  }

  private apply(change: LearnedChange): void {
    switch (change.kind) {
      case 'server':
        return setOrDelete(this.servers, change.server, change.value);
      case 'ordered':
        return setOrDelete(this.ordered, change.server, change.value);
      case 'steps':
        return setOrDelete(this.steps, change.model, change.value);
      case 'loadTimes':
        return setOrDelete(this.loadTimes, change.model, change.value);
      case 'loadPace':
        return setOrDelete(this.loadPaces, change.server, change.value);
      case 'leases':
        return setOrDelete(this.leases, change.server, change.value);
      case 'footprint':
        return setOrDelete(this.footprints, change.model, change.value);
      case 'wants':
        return undefined;
    }
  }
}

function setOrDelete<Key, Value>(map: Map<Key, Value>, key: Key, value: Value | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}
