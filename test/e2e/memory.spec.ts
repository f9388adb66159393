import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeReal, type RealTriton } from '../support/real-triton.js';
import { aQuickModel, aServer, Stage, startTriton } from './stage.js';

const NAMES = ['one', 'two', 'three', 'four', 'five', 'six'];
/** What each model allocates, what it is declared to take with its Python process, and how many fit on a server. */
const ALLOC_MB = 150;
const LIMIT_MB = 250;
const FIT = 2;
const HOST_MB = (FIT + 0.4) * LIMIT_MB;
const ROUNDS = 2;

/** What the processes of all models of a server hold, in MiB; what has just ended counts as nothing. */
const residentMb = (triton: RealTriton): number =>
  NAMES.flatMap((name) => triton.stubPids(name)).reduce((sum, pid) => sum + residentOf(pid), 0);

function residentOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

describeReal('the memory of two servers', (kit) => {
  let tritons: readonly RealTriton[];
  let stage: Stage;

  beforeAll(async () => {
    const models = NAMES.map((name) => aQuickModel(name, { allocMb: ALLOC_MB }));
    tritons = await Promise.all(['a', 'b'].map((id) => startTriton(kit, { id, models })));
    const servers = tritons.map((triton) => aServer(triton, { hostMemoryMb: HOST_MB }));
    stage = await Stage.open(servers, { defaults: { cpuMemoryLimitMb: LIMIT_MB } });
  });

  afterAll(() => stage.close());

  it('is never exceeded by what the processes of the models really hold, while more is wanted than fits', async () => {
    const most = new Map(tritons.map((triton): [string, number] => [triton.id, 0]));
    const watch = setInterval(() => {
      for (const triton of tritons) most.set(triton.id, Math.max(most.get(triton.id)!, residentMb(triton)));
    }, 100);
    try {
      for (let round = 0; round < ROUNDS; round += 1) for (const model of NAMES) await stage.route(model);
    } finally {
      clearInterval(watch);
    }
    for (const held of most.values()) {
      expect(held).toBeGreaterThan(FIT * ALLOC_MB);
      expect(held).toBeLessThanOrEqual(HOST_MB);
    }
  });

  it('is booked by default and not measured: without a GPU Triton does not tell', async () => {
    const { copies } = await stage.model(NAMES.at(-1)!);
    expect(copies).toMatchObject([{ memoryMb: { reserved: LIMIT_MB, measured: null, basis: 'default' } }]);
    expect((await stage.server('a')).devices).toMatchObject([{ foreignMb: null, measuredMb: null }]);
  });
});
