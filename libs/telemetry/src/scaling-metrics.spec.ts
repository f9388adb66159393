import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { Instruments } from './instruments.js';
import { ScalingMetrics } from './scaling-metrics.js';

const SCALING = {
  ...{
    isSure: true,
    wanted: 2,
    present: 3,
    wantedBytes: 10,
    heldBytes: 20,
    queuedBytes: 5,
    capacityBytes: 30,
  },
  ...{ waiting: 1, loadsRunning: 1, loadSlots: 6, room: null },
};

describe('the metrics for autoscalers', () => {
  it('have no samples before there are numbers, and then those', async () => {
    const registry = new Registry();
    const metrics = new ScalingMetrics(new Instruments(registry));
    expect((await registry.metrics()).match(/^berth_.*$/gm)).toBeNull();
    metrics.sampled(SCALING, 4);
    expect((await registry.metrics()).match(/^berth_.*$/gm)).toEqual([
      'berth_servers_wanted 4',
      'berth_servers_wanted_now 2',
      'berth_servers_present 3',
      'berth_scaling_memory_bytes{kind="wanted"} 10',
      'berth_scaling_memory_bytes{kind="queued"} 5',
      'berth_scaling_memory_bytes{kind="held"} 20',
      'berth_scaling_memory_bytes{kind="capacity"} 30',
      'berth_load_slots{kind="taken"} 1',
      'berth_load_slots{kind="all"} 6',
    ]);
  });

  it('tell no capacity where nothing limits it', async () => {
    const registry = new Registry();
    new ScalingMetrics(new Instruments(registry)).sampled({ ...SCALING, capacityBytes: Infinity }, 0);
    expect(await registry.metrics()).not.toContain('Inf');
  });
});
