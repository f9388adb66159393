import type { Bytes, Instant } from '#core';
import type { Asked, CopyTruth, Place, SimulatedTriton } from '#triton-simulator';

/** 1.5 of Triton's metric intervals. */
export const WINDOW = 3_000;

/** Something that takes memory of which Berth could not know. */
export interface Cause {
  readonly at: Instant;
  /** When Berth heard of the load that ran out of memory for it: no load that is ordered later may. */
  heardAt: Instant;
}

/** What a load that ran out of memory was decided by. */
interface Decided {
  readonly at: Instant;
  /** What was booked for the load itself. */
  readonly own: Bytes;
  /** What is booked of a model at the place. */
  readonly booked: (model: string) => Bytes;
}

/** One GPU, as it truly is. */
class Gpu {
  foreign: Bytes = 0;
  /** When something of a copy was last taken or given back. */
  movedAt: Instant = -Infinity;
  readonly causes = new Map<string, Cause>();
  /** What other processes hold, and unloads kept. */
  readonly others: Bytes = 0;
  private readonly met = new Set<string>();
  private used: Bytes = 0;
  private taken: Bytes = 0;
  /** Whether Berth has known, since others were last hidden, all that they hold. */
  private isShown = false;

  constructor(private readonly ordinal: number) {}

  note(sim: SimulatedTriton, baseline: Bytes, booked: Decided['booked'], now: Instant): void {
    const used = sim.memoryUsed(this.ordinal);
    if (used === this.used) return;
    const copies = sim.copies().filter((copy) => bytesAt(copy, this.ordinal) > 0);
    const taken = copies.reduce((sum, copy) => sum + bytesAt(copy, this.ordinal), 0);
    const others = this.foreign + Math.max(0, used - taken - this.foreign - baseline);
    if (taken !== this.taken) this.movedAt = now;
    if (others > this.others) this.meet(`others ${now}`, now);
    Object.assign(this, { used, taken, others });
    for (const copy of moreAt(sim, this.ordinal, booked)) this.meet(`copy ${copy.id}`, now);
    for (const name of this.causes.keys())
      if (others === 0 && name.startsWith('others')) this.causes.delete(name);
  }

  /** A cause is one once, whatever comes of it. */
  meet(name: string, now: Instant): void {
    if (!this.met.has(name)) this.causes.set(name, { at: now, heardAt: Infinity });
    this.met.add(name);
  }

  /** A look has shown all that others hold, and hides nothing in what copies do not use: what was there a window before it is known. */
  show(begunAt: Instant): void {
    for (const [name, { at }] of this.causes) if (at + WINDOW <= begunAt) this.causes.delete(name);
    this.isShown = true;
  }

  /** Of what others hold only so much is counted: the rest hides in what copies do not use that were never measured. */
  hide(counted: Bytes, now: Instant): void {
    if (!this.isShown || counted >= this.others) return;
    this.isShown = false;
    this.meet(`others hide ${now}`, now);
  }

  /** Another life of Berth remembers nothing: all that is there it has to find out anew. */
  forget(): void {
    this.met.clear();
    this.causes.clear();
    Object.assign(this, { used: 0, taken: 0, others: 0 });
  }
}

/** What takes memory of the GPUs of one server that Berth could not know of, taken from the world. */
export class Surprises {
  private gpus: readonly Gpu[] = [];

  /** Another machine: no other process is there. */
  beginOn(devices: number): void {
    this.gpus = Array.from({ length: devices }, (_, ordinal) => new Gpu(ordinal));
  }

  /** Undefined where there is no such GPU. */
  on(ordinal: number): Gpu | undefined {
    return this.gpus[ordinal];
  }

  /** Told after every step of the world. */
  note(
    sim: SimulatedTriton,
    baseline: Bytes,
    booked: (model: string, ordinal: number) => Bytes,
    now: Instant,
  ): void {
    for (const [ordinal, gpu] of this.gpus.entries())
      gpu.note(sim, baseline, (model) => booked(model, ordinal), now);
  }

  /** Another life of Berth begins. */
  forget(): void {
    for (const gpu of this.gpus) gpu.forget();
  }

  /**
   * The cause for which a load that ran out of memory is excused. One cause excuses one load of a GPU, and those that were
   * ordered before Berth had heard of it. A load that takes more than it books is excused by itself.
   */
  causeOf(sim: SimulatedTriton, asked: Asked, { at, own, booked }: Decided, now: Instant): Cause | undefined {
    if (isMore(asked.bytes, own)) return { at: now, heardAt: Infinity };
    const gpu = asked.place === 'host' ? undefined : this.on(asked.place);
    if (!gpu) return undefined;
    for (const copy of lateAt(sim, asked.place)) gpu.meet(`late ${copy.id}`, now);
    // It may be declared to need less than before.
    for (const copy of moreAt(sim, asked.place, booked)) gpu.meet(`copy ${copy.id}`, now);
    const causes = [...gpu.causes.values()].filter(({ heardAt }) => at <= heardAt);
    return causes.find(({ heardAt }) => heardAt < Infinity) ?? causes[0];
  }

  /** Where nothing measures, whatever Berth could not know excuses for as long as it is there. */
  isThere(sim: SimulatedTriton, { place }: Asked, booked: Decided['booked']): boolean {
    const hasOthers = place === 'host' ? hasResidue(sim, place) : (this.on(place)?.others ?? 0) > 0;
    return hasOthers || moreAt(sim, place, booked).length + lateAt(sim, place).length > 0;
  }
}

/** Whether unloads kept memory: no other process is simulated on a host. */
const hasResidue = (sim: SimulatedTriton, place: Place): boolean =>
  sim.memoryUsed(place) > sim.copies().reduce((sum, copy) => sum + bytesAt(copy, place), 0);

/** The copies that are gone, and whose memory is not back. */
const lateAt = (sim: SimulatedTriton, place: Place): readonly CopyTruth[] =>
  sim.copies().filter((copy) => copy.phase === 'gone' && bytesAt(copy, place) > 0);

/** The copies that hold more than is booked. */
const moreAt = (sim: SimulatedTriton, place: Place, booked: Decided['booked']): readonly CopyTruth[] =>
  sim.copies().filter((copy) => isMore(bytesAt(copy, place), booked(copy.model)));

/** More than is booked: what is nowhere booked should have been. */
const isMore = (bytes: Bytes, booked: Bytes): boolean => booked > 0 && bytes > booked;

/** What a copy really holds at a place. */
export const bytesAt = ({ holds }: CopyTruth, place: Place): Bytes =>
  holds.reduce((sum, one) => (one.place === place ? sum + one.bytes : sum), 0);
