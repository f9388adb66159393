/**
 * Starts one real Triton in the foreground, to try things on by hand:
 *
 *   node tools/real-triton/serve.mjs MODELS_DIR [--grpc-port 8001] [--http-port 8000] [--metrics-port 8002]
 *
 * Ports that are not given are spare ones. A folder that is empty, or not there, gets a few sample models.
 * What follows `--` goes to tritonserver as it is.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { installRealTriton } from './install.mjs';
import { aRealModel, anEnsemble, writeModel } from './models.mjs';
import { launchTriton, sparePorts } from './server.mjs';

const SAMPLES = [
  aRealModel({ name: 'quick', allocMb: 16, stablePyc: true }),
  aRealModel({
    name: 'slow',
    allocMb: 64,
    loadSeconds: 5,
    inferSeconds: 1,
    finalizeSeconds: 2,
    stablePyc: true,
  }),
  aRealModel({ name: 'failing', fail: 'exception' }),
  anEnsemble({ name: 'twice', steps: ['quick', 'slow'] }),
];

const { folder, chosen, extraArgs } = readCommandLine(process.argv.slice(2));
const layout = await installRealTriton();
if (!layout.ok) fail(`a real Triton is missing: ${layout.missing}`);
await fillIfEmpty(folder);
const ports = await choosePorts(chosen);
const triton = await launchTriton(layout, {
  id: 'berth-by-hand',
  repository: folder,
  ports,
  sharedMemoryPrefix: `berth-by-hand-${process.pid}_`,
  extraArgs,
}).catch((error) => fail(error.message));
console.log(`
Triton ${layout.version} serves ${folder}
  grpc     127.0.0.1:${ports.grpc}
  http     http://127.0.0.1:${ports.http}
  metrics  http://127.0.0.1:${ports.metrics}/metrics
Now: npm start -- --triton 127.0.0.1:${ports.grpc}
`);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.kill(triton.pid, 'SIGTERM'));
const { code, signal } = await triton.exited;
if (code !== 0) fail(`Triton ended with ${signal ?? code}`);

function readCommandLine(args) {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const number = { type: 'string' };
  const options = { 'grpc-port': number, 'http-port': number, 'metrics-port': number };
  const { positionals, values } = parseArgs({ args: args.slice(0, end), allowPositionals: true, options });
  if (positionals.length !== 1)
    fail('which folder has the models? node tools/real-triton/serve.mjs MODELS_DIR');
  return { folder: resolve(positionals[0]), chosen: values, extraArgs: args.slice(end + 1) };
}

async function fillIfEmpty(models) {
  await mkdir(models, { recursive: true });
  if ((await readdir(models)).length > 0) return;
  for (const sample of SAMPLES) await writeModel(models, sample);
  console.log(`sample models written to ${models}: ${SAMPLES.map((sample) => sample.name).join(', ')}`);
}

async function choosePorts(given) {
  const [grpc, http, metrics] = await sparePorts(3);
  return {
    grpc: Number(given['grpc-port'] ?? grpc),
    http: Number(given['http-port'] ?? http),
    metrics: Number(given['metrics-port'] ?? metrics),
  };
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
