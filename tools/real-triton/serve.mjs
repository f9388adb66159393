/**
 * Starts one real Triton in the foreground, to try things on by hand:
 *
 *   node tools/real-triton/serve.mjs MODELS_DIR [--grpc-port 8001] [--http-port 8000] [--metrics-port 8002]
 *
 * Ports that are not given are the neighbours of --grpc-port, or three spare ones in a row. A folder that is empty, or not there, gets a few sample models.
 * What follows `--` goes to tritonserver as it is.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { installRealTriton } from './install.mjs';
import { aRealModel, anEnsemble, writeModel } from './models.mjs';
import { launchTriton, neighbouringPorts } from './server.mjs';

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
Now: ${startLine(ports)}
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
  const { 'grpc-port': grpc, 'http-port': http, 'metrics-port': metrics } = given;
  const row = grpc === undefined ? await neighbouringPorts() : rowAround(Number(grpc));
  return { grpc: row.grpc, http: Number(http ?? row.http), metrics: Number(metrics ?? row.metrics) };
}

function rowAround(grpc) {
  return { http: grpc - 1, grpc, metrics: grpc + 1 };
}

/** `--triton` tells the gRPC port only; other neighbours than it takes for granted go into a file. */
function startLine({ grpc, http, metrics }) {
  const row = rowAround(grpc);
  if (http === row.http && metrics === row.metrics) return `npm start -- --triton 127.0.0.1:${grpc}`;
  const at = (port) => `http://127.0.0.1:${port}`;
  const server = `{ id: by-hand, grpc: "127.0.0.1:${grpc}", http: "${at(http)}", metrics: "${at(metrics)}/metrics" }`;
  return `BERTH_CONFIG=berth.yaml npm start, where berth.yaml says\n  servers: [${server}]`;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
