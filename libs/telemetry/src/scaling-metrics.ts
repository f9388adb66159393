import { Gauge, type Registry } from 'prom-client';
import type { Scaling } from '#core';

/** The numbers for autoscalers. There are no samples before the first one is told: a 0 would make a fleet smaller. */
export class ScalingMetrics {
  private readonly servers: Gauge<'kind'>;
  private readonly memory: Gauge<'kind'>;
  private readonly slots: Gauge<'kind'>;

  constructor(registry: Registry) {
    const gauge = (name: string, help: string): Gauge<'kind'> =>
      new Gauge({ name: `berth_${name}`, help, labelNames: ['kind'], registers: [registry] });
    this.servers = gauge('servers', 'Servers: wanted within the last hour and now, and present.');
    this.memory = gauge(
      'scaling_memory_bytes',
      'Memory of the GPUs, or of the hosts in a fleet without any GPU: wanted, queued for, held, and all that is present.',
    );
    this.slots = gauge('load_slots', 'Loads that run, and that may run at a time on the present servers.');
  }

  /** `wanted` is the largest want of the last hour. */
  sampled(scaling: Scaling, wanted: number): void {
    const { servers, memory, slots } = this;
    servers.set({ kind: 'wanted' }, wanted);
    servers.set({ kind: 'wanted_now' }, scaling.wanted);
    servers.set({ kind: 'present' }, scaling.present);
    memory.set({ kind: 'wanted' }, scaling.wantedBytes);
    memory.set({ kind: 'queued' }, scaling.queuedBytes);
    memory.set({ kind: 'held' }, scaling.heldBytes);
    if (Number.isFinite(scaling.capacityBytes)) memory.set({ kind: 'capacity' }, scaling.capacityBytes);
    slots.set({ kind: 'taken' }, scaling.loadsRunning);
    slots.set({ kind: 'all' }, scaling.loadSlots);
  }
}
