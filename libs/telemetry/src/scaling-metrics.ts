import { Gauge, type Registry } from 'prom-client';
import type { Scaling } from '#core';

/** The numbers for autoscalers. There are no samples before the first one is told: a 0 would make a fleet smaller. */
export class ScalingMetrics {
  private readonly wanted: Gauge;
  private readonly wantedNow: Gauge;
  private readonly present: Gauge;
  private readonly memory: Gauge<'kind'>;
  private readonly slots: Gauge<'kind'>;

  constructor(registry: Registry) {
    this.wanted = unsampled(
      registry,
      'servers_wanted',
      'The most servers that were wanted within the last hour.',
    );
    this.wantedNow = unsampled(registry, 'servers_wanted_now', 'Servers that are wanted at this moment.');
    this.present = unsampled(registry, 'servers_present', 'Servers that are reached and do not drain.');
    this.memory = byKind(
      registry,
      'scaling_memory_bytes',
      'Memory of the GPUs, or of the hosts in a fleet without any GPU: wanted, queued for, held, and all that is present.',
    );
    this.slots = byKind(
      registry,
      'load_slots',
      'Loads that run, and that may run at a time on the present servers.',
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

/** A gauge without labels has a 0 from the beginning, which is taken out. */
function unsampled(registry: Registry, name: string, help: string): Gauge {
  const gauge = new Gauge({ name: `berth_${name}`, help, registers: [registry] });
  gauge.remove();
  return gauge;
}

const byKind = (registry: Registry, name: string, help: string): Gauge<'kind'> =>
  new Gauge({ name: `berth_${name}`, help, labelNames: ['kind'], registers: [registry] });
