import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Reading } from './pressure-rule.js';

/** Shows how the process is. */
export interface ProcessGauge {
  /** Nothing is measured before. */
  start(): void;
  /** What was measured since it was read before, or since the start. */
  read(): Reading;
  /** Nothing is measured any more. */
  stop(): void;
}

/** In ms. A stall, however long, is one sample, of a hundred or fewer in a second: the P99 is the longest. */
const RESOLUTION = 10;
const NANOSECONDS = 1e6;

/** That of the process we are: by a timer of Node's that keeps nothing alive, and by V8's own counts. */
export function processGauge(): ProcessGauge {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION });
  return {
    start: () => void delays.enable(),
    read: () => {
      const { used_heap_size: used, heap_size_limit: most } = getHeapStatistics();
      // A sample is the time since the one before, and so never shorter than the time between two.
      const lag = Math.max(0, delays.percentile(99) / NANOSECONDS - RESOLUTION);
      delays.reset();
      return { lag, heap: used / most };
    },
    stop: () => void delays.disable(),
  };
}
