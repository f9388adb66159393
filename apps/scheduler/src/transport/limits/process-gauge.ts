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

/** In ms: the time between two ticks of a process that is never late. */
const TICK = 10;
/** In ms: of a gap as long as this in which the process had no CPU it was paused (SIGSTOP, a suspended machine). */
const PAUSE = 1_000;

/**
 * That of the process we are, by a timer that keeps nothing alive and by V8's own counts. Node's own
 * `monitorEventLoopDelay` does not do: a stall is one sample among a hundred, which its P99 leaves out, and its reset
 * loses a stall that begins at once.
 */
export function processGauge(): ProcessGauge {
  let timer: NodeJS.Timeout | undefined;
  let latest = 0;
  let longest = 0;
  let worked = 0;
  const tick = (): void => {
    const now = performance.now();
    const late = now - latest - TICK;
    const { user, system } = process.cpuUsage();
    const busy = (user + system) / 1_000;
    if (late < PAUSE || busy - worked > late / 20) longest = Math.max(longest, late);
    latest = now;
    worked = busy;
  };
  return {
    start: () => {
      latest = performance.now();
      timer = setInterval(tick, TICK).unref();
    },
    read: () => {
      if (timer) tick();
      const { used_heap_size: used, heap_size_limit: most } = getHeapStatistics();
      const reading = { lag: longest, heap: used / most };
      longest = 0;
      return reading;
    },
    stop: () => {
      clearInterval(timer);
      timer = undefined;
    },
  };
}
