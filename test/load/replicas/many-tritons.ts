/** Simulated Tritons in one process, as many as asked for, each with models of its own that serve. Writes their addresses. */
import { startTritonSim } from '../../../apps/triton-sim/src/sim-server.js';
import { COLD, modelsOf } from './many-models.js';

const [, , servers = '0', models = '0'] = process.argv;
const GPU_MB = 2 ** 20;

const addresses: object[] = [];
for (let at = 0; at < Number(servers); at += 1) {
  const own = modelsOf(at, Number(models));
  const running = await startTritonSim({
    ...{ id: `t${at}`, gpus: 1, gpuMemoryMb: 65_536 },
    models: [...own, COLD].map((name) => ({ name, gpuBytes: 64 * GPU_MB, loadMs: 0, unloadMs: 0 })),
    triton: { startupModels: own },
  });
  addresses.push(running.addresses);
}
process.stdout.write(`${JSON.stringify(addresses)}\n`);
