import type { ModelStatistics } from '#testing';

const NONE = { count: 0, ns: 0 };

/** A row of statistics under the names of the protocol. */
export function wireStatistics(row: ModelStatistics): object {
  const { success, fail, queue, computeInfer } = row;
  const uncounted = { count: computeInfer.count, ns: 0 };
  const computed = { compute_input: uncounted, compute_infer: computeInfer, compute_output: uncounted };
  return {
    name: row.name,
    version: row.version,
    last_inference: row.lastInference,
    inference_count: row.inferenceCount,
    execution_count: row.executionCount,
    inference_stats: { success, fail, queue, ...computed, cache_hit: NONE, cache_miss: NONE },
    batch_stats: row.executionCount > 0 ? [{ batch_size: 1, ...computed }] : [],
    memory_usage: [],
    response_stats: {},
  };
}
