import type { Bytes, Instant, MetricsSample, Millis, ModelId, ServerId } from '#core';
import { Random } from '../simulation/random.js';

/**
 * What is true of the memory of virtual servers, whatever is declared. Its functions have no state: the same arguments
 * give the same answer, so that a play can be copied.
 */
export interface Truth {
  /** The memory of each GPU of a server. */
  readonly gpus: (server: ServerId) => readonly Bytes[];
  /** What a copy takes when its load begins, and holds until it has left. */
  readonly takes: (model: ModelId) => Bytes;
  /** What its backend keeps of that afterwards. The next load of the model on the same GPU uses it again. */
  readonly keeps: (model: ModelId) => Bytes;
  /** How much later than the copy its memory leaves. */
  readonly late: Millis;
  /** How much other processes want there. They get what is free. */
  readonly others: (server: ServerId, device: number, at: Instant) => Bytes;
  /** The metrics show the memory as it was read last; it is read so often. */
  readonly interval: Millis;
  /** Whether the metrics of a server do not answer. */
  readonly isSilent: (server: ServerId, at: Instant) => boolean;
}

/** Copies that give back all they take, and nothing else on the GPUs. The interval is Triton's default. */
export const PLAIN: Omit<Truth, 'gpus' | 'takes'> = {
  keeps: () => 0,
  late: 0,
  others: () => 0,
  interval: 2_000,
  isSilent: () => false,
};

/** A copy holds so much of what is declared, where nothing else is said. */
export const HELD_OF_DECLARED = 0.95;

/** The name by which a server declares a GPU, as `aServer` does. */
export const uuidOf = (server: ServerId, device: number): string => `${server}-${device}`;

/** What changes in a play. */
interface Books {
  /** Where the copies are that load or are there. */
  readonly places: Map<ModelId, number>;
  /** Held on each GPU by copies, or kept by backends. */
  readonly held: Bytes[];
  readonly kept: Map<string, Bytes>;
  /** What was read last of each GPU. */
  reading: { readonly at: Instant; readonly used: readonly Bytes[] };
}

/** The GPU memory of one virtual server. Moments never go back. */
export class VirtualMemory {
  private readonly sizes: readonly Bytes[];
  /** When the server reads its GPUs: it has a clock of its own. */
  private readonly offset: Millis;

  private constructor(
    private readonly server: ServerId,
    private readonly truth: Truth,
    private readonly books: Books,
  ) {
    this.sizes = truth.gpus(server);
    this.offset = Math.floor(new Random(1, server).next() * truth.interval);
  }

  /** With copies there from the start. */
  static of(server: ServerId, truth: Truth, devices: ReadonlyMap<ModelId, number>): VirtualMemory {
    const held = truth.gpus(server).map(() => 0);
    for (const [model, device] of devices) held[device]! += truth.takes(model);
    const reading = { at: -Infinity, used: [] };
    return new VirtualMemory(server, truth, { places: new Map(devices), held, kept: new Map(), reading });
  }

  copy(): VirtualMemory {
    const { places, held, kept, reading } = this.books;
    const books = { places: new Map(places), held: [...held], kept: new Map(kept), reading };
    return new VirtualMemory(this.server, this.truth, books);
  }

  /** Takes the memory of a copy that begins to load; false where it does not fit. */
  take(model: ModelId, device: number, now: Instant): boolean {
    this.read(now);
    const grows = this.truth.takes(model) - (this.books.kept.get(keyOf(model, device)) ?? 0);
    if (grows > this.free(device, now)) return false;
    this.books.kept.delete(keyOf(model, device));
    this.books.held[device]! += grows;
    this.books.places.set(model, device);
    return true;
  }

  /** A copy has left; its memory is taken until it is given back. The GPU that it was on, where it has taken any. */
  leave(model: ModelId): number | undefined {
    const device = this.books.places.get(model);
    this.books.places.delete(model);
    return device;
  }

  giveBack(model: ModelId, device: number, now: Instant): void {
    this.read(now);
    const keeps = this.truth.keeps(model);
    const keptBefore = this.books.kept.get(keyOf(model, device)) ?? 0;
    this.books.held[device]! += keeps - keptBefore - this.truth.takes(model);
    if (keeps > 0) this.books.kept.set(keyOf(model, device), keeps);
  }

  /** What the metrics show at that moment; null where they do not answer. */
  sample(now: Instant): MetricsSample['gpus'] | null {
    this.read(now);
    if (this.truth.isSilent(this.server, now)) return null;
    return this.sizes.map((memory, device) => {
      return { uuid: uuidOf(this.server, device), memory, used: this.books.reading.used[device]! };
    });
  }

  /** What neither copies nor others have. */
  private free(device: number, at: Instant): Bytes {
    const left = this.sizes[device]! - this.books.held[device]!;
    return left - Math.min(left, this.truth.others(this.server, device, at));
  }

  /** Reads the GPUs as they were at the last tick. Nothing has changed since: every change reads first. */
  private read(now: Instant): void {
    const { interval } = this.truth;
    const at = this.offset + Math.floor((now - this.offset) / interval) * interval;
    if (at <= this.books.reading.at) return;
    this.books.reading = { at, used: this.sizes.map((memory, device) => memory - this.free(device, at)) };
  }
}

const keyOf = (model: ModelId, device: number): string => `${model}@${device}`;
