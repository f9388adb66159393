import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { z } from 'zod';
import { sampleModels, simulatedModelSchema } from '#triton-simulator';
import type { SimulatedModel, SimulatedTritonOptions } from '#triton-simulator';
import type { TritonSimOptions } from './sim-server.js';

const FLAGS = {
  grpc: { type: 'string', default: '127.0.0.1:8001' },
  http: { type: 'string', default: '127.0.0.1:8000' },
  metrics: { type: 'string', default: '127.0.0.1:8002' },
  admin: { type: 'string', default: '127.0.0.1:8003' },
  id: { type: 'string', default: 'triton-sim' },
  gpus: { type: 'string', default: '2' },
  'gpu-memory-mb': { type: 'string', default: '24576' },
  'host-memory-mb': { type: 'string', default: '131072' },
  'baseline-mb': { type: 'string', default: '400' },
  'cpu-only': { type: 'boolean', default: false },
  models: { type: 'string', default: 'sample' },
  'load-model': { type: 'string', multiple: true },
  'load-threads': { type: 'string', default: '4' },
  mode: { type: 'string', default: 'explicit' },
  'strict-readiness': { type: 'boolean', default: false },
  'exit-timeout-ms': { type: 'string', default: '30000' },
  'metrics-after-ms': { type: 'string', default: '90' },
  'host-memory-after-ms': { type: 'string', default: '1000' },
  restricted: { type: 'string' },
  speed: { type: 'string', default: '1' },
} as const satisfies ParseArgsConfig['options'];

/** One line for each flag. */
export const USAGE = `triton-sim plays a Triton server.
${Object.entries(FLAGS)
  .map(
    ([name, flag]) => `  --${name}${'default' in flag ? ` (default ${String(flag.default) || 'none'})` : ''}`,
  )
  .join('\n')}
--models takes "sample" or a JSON file: an array of models. --restricted takes key=value. --speed 10 loads ten times faster.`;

/** Reads the command line; the error of a bad flag names it and the rule. */
export function readFlags(args: readonly string[]): Partial<TritonSimOptions> {
  const { values } = parseArgs({ args: [...args], options: FLAGS, strict: true, allowPositionals: false });
  const restriction = readRestriction(values.restricted);
  const triton: Partial<SimulatedTritonOptions> = {
    controlMode: readMode(values.mode),
    loadThreads: readNumber('load-threads', values['load-threads'], 1),
    exitTimeoutMs: readNumber('exit-timeout-ms', values['exit-timeout-ms'], 0),
    metricsAfterMs: readNumber('metrics-after-ms', values['metrics-after-ms'], 0),
    hostMemoryAfterMs: readNumber('host-memory-after-ms', values['host-memory-after-ms'], 0),
    strictReadiness: values['strict-readiness'],
    startupModels: values['load-model'] ?? [],
    ...(restriction !== undefined && { restriction }),
  };
  return {
    ...{ id: values.id, grpc: values.grpc, http: values.http, metrics: values.metrics, admin: values.admin },
    gpus: values['cpu-only'] ? 0 : readNumber('gpus', values.gpus, 0),
    gpuMemoryMb: readNumber('gpu-memory-mb', values['gpu-memory-mb'], 1),
    hostMemoryMb: readNumber('host-memory-mb', values['host-memory-mb'], 1),
    baselineMb: readNumber('baseline-mb', values['baseline-mb'], 0),
    models: readModels(values.models),
    speed: readNumber('speed', values.speed, 0.001),
    triton,
  };
}

function readNumber(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < least) {
    throw new Error(`--${flag}: expected a number of at least ${least}, got ${JSON.stringify(text)}`);
  }
  return value;
}

function readMode(text: string): 'explicit' | 'none' | 'poll' {
  if (text === 'explicit' || text === 'none' || text === 'poll') return text;
  throw new Error(`--mode: expected explicit, none or poll, got ${JSON.stringify(text)}`);
}

function readRestriction(text: string | undefined): { key: string; value: string } | undefined {
  if (text === undefined) return undefined;
  const cut = text.indexOf('=');
  if (cut < 1) throw new Error(`--restricted: expected key=value, got ${JSON.stringify(text)}`);
  return { key: text.slice(0, cut), value: text.slice(cut + 1) };
}

function readModels(source: string): readonly SimulatedModel[] {
  if (source === 'sample') return sampleModels;
  const parsed = z
    .array(simulatedModelSchema)
    .max(10_000)
    .safeParse(JSON.parse(readFileSync(source, 'utf8')));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`--models ${source}: ${problems.join('; ')}`);
}
