import type { MetricsSample, ModelId } from '#core';
import { isModelName } from './model-name.js';

/** A line that is longer says nothing that we read, and would be slow to match. */
const LONGEST_LINE = 4096;
const SAMPLE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
const LABEL = /([A-Za-z_]\w*)="((?:\\.|[^"\\])*)"/g;

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
  readonly value: number;
}

/**
 * Reads Triton's metrics in Prometheus' text format; GPUs come in the order in which they appear. Lines that don't
 * parse are skipped. Null where nothing in the text is Triton's: that port answers any path with 200.
 */
export function parseMetrics(text: string): MetricsSample | null {
  if (!/^(# (HELP|TYPE) )?nv_/m.test(text)) return null;
  const samples = text.split('\n').filter(isRead).flatMap(parseLine);
  return { gpus: gpusIn(samples), hostMemory: hostMemoryIn(samples), pending: pendingIn(samples) };
}

function gpusIn(samples: readonly Sample[]): MetricsSample['gpus'] {
  const memory = perGpu(samples, 'nv_gpu_memory_total_bytes');
  const used = perGpu(samples, 'nv_gpu_memory_used_bytes');
  return [...memory].flatMap(([uuid, bytes]) => {
    const usedBytes = used.get(uuid);
    return usedBytes === undefined ? [] : [{ uuid, memory: bytes, used: usedBytes }];
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
  return samples.find(({ family }) => family === 'nv_cpu_memory_total_bytes')?.value ?? null;
}

function pendingIn(samples: readonly Sample[]): Map<ModelId, number> {
  const pending = new Map<ModelId, number>();
  for (const { family, labels, value } of samples) {
    const model = labels.get('model') ?? '';
    if (family !== 'nv_inference_pending_request_count' || !isModelName(model)) continue;
    pending.set(model, (pending.get(model) ?? 0) + value);
  }
  return pending;
}

const isRead = (line: string): boolean =>
  line.length <= LONGEST_LINE && READ.some((family) => line.startsWith(family));

function parseLine(line: string): Sample[] {
  const [, family, labels = '', number] = SAMPLE.exec(line) ?? [];
  const value = Number(number);
  if (family === undefined || !Number.isFinite(value) || value < 0) return [];
  return [{ family, labels: parseLabels(labels), value }];
}

function parseLabels(text: string): Map<string, string> {
  const found = text.matchAll(LABEL);
  return new Map([...found].map(([, name = '', value = '']) => [name, unescaped(value)]));
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
