import type { IndexRow, ServingRow } from '#core';
import { isModelName } from './model-name.js';
import type { IndexMessage, StatisticsMessage } from './protocol.js';
import { Nonsense } from './refused-looks.js';

const STATES = ['', 'UNKNOWN', 'LOADING', 'READY', 'UNLOADING', 'UNAVAILABLE'] as const;

/** The rows of the index whose names we would send back; the others are not for us. */
export function indexRows(messages: readonly IndexMessage[] = []): IndexRow[] {
  return messages.flatMap(({ name, version = '', state = '', reason = '' }) => {
    const model = present(name, 'a row of the index has no name');
    if (!isModelName(model)) return [];
    // A state that came with a later Triton: something is there, and it holds memory.
    const known = STATES.find((each) => each === state) ?? 'UNKNOWN';
    return [{ model, version, state: known, reason }];
  });
}

/** The rows of the statistics, likewise. */
export function servingRows(messages: readonly StatisticsMessage[] = []): ServingRow[] {
  return messages.flatMap(({ name, version, last_inference, inference_stats, memory_usage }) => {
    const model = present(name, 'a row of the statistics has no name');
    if (!isModelName(model)) return [];
    return [
      {
        model,
        version: present(version, `the statistics of ${model} have no version`),
        lastInference: count(last_inference),
        succeeded: count(inference_stats?.success?.count),
        failed: count(inference_stats?.fail?.count),
        waited: millis(inference_stats?.queue),
        memory: memoryOn(memory_usage),
      },
    ];
  });
}

/** What a backend with a memory tracker says it took on GPUs; the others say nothing. */
const memoryOn = (usage: StatisticsMessage['memory_usage'] = []): ServingRow['memory'] =>
  usage
    .filter(({ type }) => type === 'GPU')
    .map(({ id, byte_size }) => ({ ordinal: count(id), bytes: count(byte_size) }));

const millis = (duration: { ns?: string } | undefined): number => count(duration?.ns) / 1e6;

function present(text: string | undefined, problem: string): string {
  if (!text) throw new Nonsense(problem);
  return text;
}

function count(text = '0'): number {
  const value = Number(text);
  if (!(value >= 0 && value < 2 ** 64)) throw new Nonsense(`${text} is no count`);
  return value;
}
