import type { ModelStatistics } from '#triton-simulator';

const NONE = { count: 0, ns: 0 };

/** A row of statistics under the names of the protocol. */
export function wireStatistics(row: ModelStatistics): object {
  const { success, fail, queue, computeInfer } = row;
  return {
    name: row.name,
    version: row.version,
    last_inference: row.lastInference,
    inference_count: row.inferenceCount,
    execution_count: row.executionCount,
    inference_stats: { success, fail, queue, ...computed(computeInfer), cache_hit: NONE, cache_miss: NONE },
    batch_stats: row.batches.map(({ size, executions }) => ({ batch_size: size, ...computed(executions) })),
    memory_usage: [],
    response_stats: {},
  };
}

function computed(infer: ModelStatistics['computeInfer']): object {
  const uncounted = { count: infer.count, ns: 0 };
  return { compute_input: uncounted, compute_infer: infer, compute_output: uncounted };
}
