import type { Gauge } from 'prom-client';
import type { Scaling } from '#core';
import type { Instruments } from './instruments.js';

/** The numbers for autoscalers. There are no samples before the first one is told: a 0 would make a fleet smaller. */
export class ScalingMetrics {
  private readonly wanted: Gauge;
  private readonly wantedNow: Gauge;
  private readonly present: Gauge;
  private readonly memory: Gauge<'kind'>;
  private readonly slots: Gauge<'kind'>;

  constructor(make: Instruments) {
    this.wanted = make.gauge('servers_wanted', 'The most servers that were wanted within the last hour.');
    this.wantedNow = make.gauge('servers_wanted_now', 'Servers that are wanted at this moment.');
    this.present = make.gauge('servers_present', 'Servers that are reached and do not drain.');
    // A gauge without labels has a 0 from the beginning.
    for (const gauge of [this.wanted, this.wantedNow, this.present]) gauge.remove();
    this.memory = make.gauge(
      'scaling_memory_bytes',
      'Memory of the GPUs, or of the hosts in a fleet without any GPU: wanted, queued for, held, and all that is present.',
      'kind',
    );
    this.slots = make.gauge(
      'load_slots',
      'Loads that run, and that may run at a time on the present servers.',
      'kind',
    );
  }

  /** `wanted` is the largest want of the last hour. */
  sampled(scaling: Scaling, wanted: number): void {
    const { memory, slots } = this;
    this.wanted.set(wanted);
    this.wantedNow.set(scaling.wanted);
    this.present.set(scaling.present);
    memory.set({ kind: 'wanted' }, scaling.wantedBytes);
    memory.set({ kind: 'queued' }, scaling.queuedBytes);
    memory.set({ kind: 'held' }, scaling.heldBytes);
    if (Number.isFinite(scaling.capacityBytes)) memory.set({ kind: 'capacity' }, scaling.capacityBytes);
    slots.set({ kind: 'taken' }, scaling.loadsRunning);
    slots.set({ kind: 'all' }, scaling.loadSlots);
  }
}
