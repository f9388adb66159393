import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type { Fault, SimulatedModel } from '#triton-simulator';
import { startTritonSim, type TritonSimOptions } from '../../apps/triton-sim/src/sim-server.js';
import { until } from '../support/until.js';
import { stageOf } from './sim-stage.js';
import {
  endOf,
  inferCounted,
  leaveAll,
  named,
  PATIENTLY,
  see,
  type Stage,
  untilSeen,
  visit,
} from './stage.js';

const GB = 2 ** 30;
const BASE = { backend: 'onnxruntime', max_batch_size: 0, instance_group: [{ kind: 'KIND_GPU', count: 1 }] };
const on = (...gpus: number[]) => ({ base: JSON.stringify(BASE), gpus });

const shown: string[] = [];
const open: Stage[] = [];

/** A capability: a test, and a word for the line that says what no real Triton has shown. */
function shows(word: string, title: string, test: () => Promise<void>): void {
  it(title, async () => {
    await test();
    shown.push(word);
  });
}

async function start(
  models: readonly SimulatedModel[],
  options: Partial<TritonSimOptions> = {},
  callTimeoutMs = PATIENTLY,
) {
  const faster = models.map((model) => ({ loadMs: 50, unloadMs: 50, inferMs: 1, ...model }));
  const running = await startTritonSim({
    id: 't0',
    gpus: 2,
    gpuMemoryMb: 8 * 1024,
    baselineMb: 0,
    models: faster,
    triton: { metricsIntervalMs: 10 },
    ...options,
  });
  const stage = stageOf(running);
  open.push(stage);
  const { server, facts } = await visit(stage, { callTimeoutMs });
  const used = async () => (await server.look('statistics', false)).metrics?.gpus.map((gpu) => gpu.used);
  return { stage, server, facts, used, inject: (fault: Fault) => running.sim.inject(fault) };
}

afterEach(async () => {
  leaveAll();
  await Promise.all(open.splice(0).map((stage) => stage.close()));
});

afterAll(() => void process.stdout.write(`Only the simulated Triton showed: ${shown.join(', ')}\n`));

describe('GPUs of the simulated Triton', () => {
  const model = { name: 'm', gpuBytes: 2 * GB };

  shows('GPUs in the metrics', 'are found in the metrics', async () => {
    const { server } = await start([model]);
    const { metrics } = await server.look('statistics', false);
    expect(metrics?.gpus).toEqual([0, 1].map((n) => ({ uuid: `GPU-t0-${n}`, memory: 8 * GB, used: 0 })));
  });

  shows('a load onto chosen GPUs', 'hold the copies that were ordered', async () => {
    const { server, used } = await start([model]);
    await server.load(named('m'), on(1), PATIENTLY);
    expect((await server.describe(named('m'))).config).toMatchObject({ kind: 'gpu', gpus: [1], count: 1 });
    await until(async () => (await used())?.[1] === 2 * GB);
    expect(await used()).toEqual([0, 2 * GB]);
  });

  shows('a copy on every GPU', 'hold a copy each where nothing was chosen', async () => {
    const { server, used } = await start([model]);
    await server.load(named('m'), null, PATIENTLY);
    expect((await server.describe(named('m'))).config).toMatchObject({ kind: 'gpu', gpus: [0, 1], count: 1 });
    await until(async () => (await used())?.every((bytes) => bytes === 2 * GB));
  });

  shows('a change of GPUs in place', 'change under a model that goes on serving', async () => {
    const { stage, server, used } = await start([model]);
    await server.load(named('m'), on(0), PATIENTLY);
    await inferCounted(stage, 'm');
    const { json } = (await server.describe(named('m'))).config;
    await server.load(named('m'), { base: json, gpus: [1] }, PATIENTLY);
    expect((await see(server, 'm')).serving).toMatchObject([{ succeeded: 1 }]);
    expect((await server.describe(named('m'))).config.gpus).toEqual([1]);
    await until(async () => (await used())?.[0] === 0);
  });

  shows('a GPU that is not there', 'are refused where there is none of that ordinal', async () => {
    const { server } = await start([model]);
    expect(await endOf(server.load(named('m'), on(7), PATIENTLY))).toBe('configuration');
  });

  const backends = ['onnxruntime', 'tensorrt', 'pytorch', 'python', 'vllm'] as const;
  for (const backend of backends)
    shows(
      `lack of GPU memory in ${backend}`,
      `that are full make a load fail for capacity (${backend})`,
      async () => {
        const { server } = await start([{ name: 'm', gpuBytes: 9 * GB, backend }]);
        expect(await endOf(server.load(named('m'), on(0), PATIENTLY))).toBe('capacity');
        expect((await see(server, 'm')).is).toBe('absent');
      },
    );

  shows('a process that dies for lack of memory', 'that are full may end the process', async () => {
    const { server, facts, inject } = await start([{ name: 'm', gpuBytes: 9 * GB }]);
    inject({ kind: 'oomKillsProcess' });
    expect(await endOf(server.load(named('m'), on(0), PATIENTLY))).toBe('unknown');
    await until(() => facts.includes('refused'));
  });

  shows('memory that comes back late, or not at all', 'give memory back after the row says so', async () => {
    const { server, used, inject } = await start([{ ...model, residueBytes: GB }]);
    inject({ kind: 'memoryBackLate', ms: 2_000 });
    await server.load(named('m'), on(0), PATIENTLY);
    await until(async () => (await used())?.[0] === 2 * GB);
    await server.unload(named('m'));
    await untilSeen(server, 'm', 'absent');
    expect(await used()).toEqual([2 * GB, 0]);
    await until(async () => (await used())?.[0] === GB);
  });
});

describe('troubles of the simulated Triton', () => {
  const model = { name: 'm' };

  shows('a load that is stuck', 'leave a load without end', async () => {
    const { server, inject } = await start([model]);
    inject({ kind: 'stuckLoad', model: 'm' });
    expect(await endOf(server.load(named('m'), null, 500))).toBe('unknown');
    expect((await see(server, 'm')).is).toBe('coming');
  });

  shows('an unload that is stuck', 'leave an unload without end', async () => {
    const { server, inject } = await start([model]);
    await server.load(named('m'), null, PATIENTLY);
    inject({ kind: 'stuckUnload', model: 'm' });
    expect(await endOf(server.unload(named('m')))).toBe('done');
    expect((await see(server, 'm')).is).toBe('leaving');
  });

  for (const how of ['silence', 'connectionError'] as const)
    shows(
      `an answer lost by ${how}`,
      `lose the answer of an order that was carried out (${how})`,
      async () => {
        const { server, inject } = await start([model], {}, 500);
        inject({ kind: 'replyLost', call: 'load', how });
        expect(await endOf(server.load(named('m'), null, 300))).toBe('unknown');
        await untilSeen(server, 'm', 'serving');
        inject({ kind: 'replyLost', call: 'unload', how });
        expect(await endOf(server.unload(named('m')))).toBe('unknown');
        await untilSeen(server, 'm', 'absent');
      },
    );

  shows('an index that hangs', 'hold up every look, while new connections are accepted', async () => {
    const { server, inject } = await start([model], {}, 500);
    inject({ kind: 'indexDelay', ms: 10_000 });
    await expect(server.look('full', false)).rejects.toMatchObject({ why: 'timed_out' });
    await expect(server.look('statistics', false)).rejects.toMatchObject({ why: 'timed_out' });
    expect(await server.probe()).toBe(true);
  });

  shows('metrics that are down', 'leave a look without metrics', async () => {
    const { server, inject } = await start([model]);
    inject({ kind: 'metricsDown' });
    expect((await server.look('full', false)).metrics).toBeNull();
  });
});
