import type { MetricsSample, ModelId } from '#core';
import { isModelName } from './model-name.js';

/** A line that is longer says nothing that we read, and would be slow to match. */
const MAX_LINE_LENGTH = 4096;
const SAMPLE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
const LABEL = /([A-Za-z_]\w*)="((?:\\.|[^"\\])*)"/g;

/** No server has as many GPUs: ordinals end below. */
const MAX_GPUS = 1_024;

/** The families that are read. A server with many models shows many more. */
const READ = [
  'nv_gpu_memory_total_bytes',
  'nv_gpu_memory_used_bytes',
  'nv_cpu_memory_total_bytes',
  'nv_inference_pending_request_count',
];

interface Sample {
  readonly family: string;
  readonly labels: ReadonlyMap<string, string>;
  /** NaN: there is no telling. */
  readonly value: number;
}

/**
 * Reads Triton's metrics in Prometheus' text format; GPUs come in the order in which they appear. Lines that don't
 * parse are skipped. Null where nothing in the text is Triton's, since that port answers any path with 200, or where it
 * shows more GPUs than a server can have.
 */
export function parseMetrics(text: string): MetricsSample | null {
  if (!/^(# (HELP|TYPE) )?nv_/m.test(text)) return null;
  const samples = text.split('\n').filter(isRead).flatMap(parseLine);
  const gpus = gpusIn(samples);
  if (gpus.length > MAX_GPUS) return null;
  return { gpus, hostMemory: hostMemoryIn(samples), pending: pendingIn(samples) };
}

/** A GPU of which not both can be read is there all the same: without it the server would seem to have fewer, or none. */
function gpusIn(samples: readonly Sample[]): MetricsSample['gpus'] {
  const memory = perGpu(samples, 'nv_gpu_memory_total_bytes');
  const used = perGpu(samples, 'nv_gpu_memory_used_bytes');
  return [...new Set([...memory.keys(), ...used.keys()])].map((uuid) => {
    const [has, uses] = [memory.get(uuid) ?? NaN, used.get(uuid) ?? NaN];
    return Number.isNaN(has + uses) ? { uuid, memory: 0, used: 0 } : { uuid, memory: has, used: uses };
  });
}

function perGpu(samples: readonly Sample[], family: string): Map<string, number> {
  const found = samples.filter((sample) => sample.family === family);
  return new Map(
    found.flatMap(({ labels, value }) => {
      const uuid = labels.get('gpu_uuid');
      return uuid ? [[uuid, value] as const] : [];
    }),
  );
}

function hostMemoryIn(samples: readonly Sample[]): number | null {
  return (
    samples.find(({ family, value }) => family === 'nv_cpu_memory_total_bytes' && value > 0)?.value ?? null
  );
}

function pendingIn(samples: readonly Sample[]): Map<ModelId, number> {
  const pending = new Map<ModelId, number>();
  for (const { family, labels, value } of samples) {
    const model = labels.get('model') ?? '';
    if (family !== 'nv_inference_pending_request_count' || !isModelName(model) || Number.isNaN(value))
      continue;
    pending.set(model, (pending.get(model) ?? 0) + value);
  }
  return pending;
}

const isRead = (line: string): boolean =>
  line.length <= MAX_LINE_LENGTH && READ.some((family) => line.startsWith(family));

function parseLine(line: string): Sample[] {
  const [, family, labels = '', number] = SAMPLE.exec(line) ?? [];
  if (family === undefined) return [];
  const value = Number(number);
  return [{ family, labels: parseLabels(labels), value: isAmount(value) ? value : NaN }];
}

const isAmount = (value: number): boolean => Number.isFinite(value) && value >= 0;

function parseLabels(text: string): Map<string, string> {
  const found = text.matchAll(LABEL);
  return new Map([...found].map(([, name = '', value = '']) => [name, unescaped(value)]));
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
