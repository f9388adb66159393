import type { ProcessState } from './process-state.js';

/** What the metrics say of memory and of queues, without a text. */
export interface Gauges {
  readonly gpus: readonly { readonly uuid: string; readonly memory: number; readonly used: number }[];
  readonly hostMemory: number;
  /** By model: a row for each version of which there is a copy, whatever its row says. */
  readonly pending: readonly { readonly model: string; readonly requests: number }[];
}

/** A label's text is written once for all the families that it stands in. */
type Sample = readonly [labels: string, value: number];

/** The part of the metrics that Berth reads, for a caller without a wire to send a text over. */
export function gauges(process: ProcessState): Gauges {
  const { memory, devices } = process;
  return {
    gpus: devices.map(({ uuid, ordinal }) => ({
      uuid,
      memory: memory.capacity(ordinal),
      used: memory.reported(ordinal),
    })),
    hostMemory: hostMemory(process),
    pending: process.series.shown.map(({ model, pending }) => ({ model, requests: pending })),
  };
}

/** How long its gRPC port has been open. */
export const ageOf = ({ timers, openedAt }: ProcessState): number => timers.now() - openedAt;

const hostMemory = (process: ProcessState): number =>
  ageOf(process) < process.options.hostMemoryAfterMs ? 0 : process.memory.capacity('host');

/** What a GET of the metrics port brings. The families of GPUs are there only where GPUs are. */
export function metricsText(process: ProcessState): string {
  const families = [...modelFamilies(process), ...hostFamilies(process), ...gpuFamilies(process)];
  return families.join('');
}

function modelFamilies(process: ProcessState): readonly string[] {
  const rows = process.series.shown.map(({ model, version, counters, pending }) => ({
    labels: labelText({ model, version }),
    counts: counters.row(model, version),
    pending,
  }));
  const counter = (name: string, help: string, value: (row: (typeof rows)[number]) => number): string =>
    family(
      name,
      'counter',
      help,
      rows.map((row) => [row.labels, value(row)]),
    );
  return [
    counter('nv_inference_request_success', 'Successful requests', ({ counts }) => counts.success.count),
    family('nv_inference_request_failure', 'counter', 'Failed requests', failures(process)),
    counter('nv_inference_count', 'Inferences performed', ({ counts }) => counts.inferenceCount),
    counter('nv_inference_exec_count', 'Model executions performed', ({ counts }) => counts.executionCount),
    counter('nv_inference_queue_duration_us', 'Time in the queue', ({ counts }) => micros(counts.queue.ns)),
    counter('nv_inference_compute_infer_duration_us', 'Compute time', ({ counts }) =>
      micros(counts.computeInfer.ns),
    ),
    family(
      'nv_inference_pending_request_count',
      'gauge',
      'Requests that wait for an instance',
      rows.map(({ labels, pending }) => [labels, pending]),
    ),
  ];
}

const REASONS = ['OTHER', 'CANCELED', 'BACKEND', 'REJECTED'];

/** These series stay when their model is unloaded; all others go. */
function failures({ series }: ProcessState): readonly Sample[] {
  return series.allFailures.flatMap(({ model, version, count }) =>
    REASONS.map((reason): Sample => {
      return [labelText({ model, reason, version }), reason === 'BACKEND' ? count : 0];
    }),
  );
}

function hostFamilies(process: ProcessState): readonly string[] {
  return [
    family('nv_cpu_memory_total_bytes', 'gauge', 'Host memory', [['', hostMemory(process)]]),
    family('nv_cpu_memory_used_bytes', 'gauge', 'Host memory in use', [
      ['', process.memory.reported('host')],
    ]),
  ];
}

function gpuFamilies({ memory, devices, copies }: ProcessState): readonly string[] {
  if (devices.length === 0) return [];
  const gpus = devices.map(({ uuid, ordinal }) => ({ ordinal, labels: labelText({ gpu_uuid: uuid }) }));
  const gauge = (name: string, help: string, value: (ordinal: number) => number): string =>
    family(
      name,
      'gauge',
      help,
      gpus.map(({ labels, ordinal }) => [labels, value(ordinal)]),
    );
  const isBusy = (ordinal: number): boolean =>
    [...copies].some((copy) => copy.isExecuting && copy.instances.some(({ place }) => place === ordinal));
  return [
    gauge('nv_gpu_utilization', 'GPU utilization', (ordinal) => (isBusy(ordinal) ? 0.9 : 0)),
    gauge('nv_gpu_memory_total_bytes', 'GPU memory', (ordinal) => memory.capacity(ordinal)),
    gauge('nv_gpu_memory_used_bytes', 'GPU memory in use', (ordinal) => memory.reported(ordinal)),
  ];
}

function family(name: string, type: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}${labels} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escapeLabel(value)}"`);
  return `{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function micros(ns: number): number {
  return Math.round(ns / 1000);
}
