export type { DiscoveryMetrics } from './discovery-metrics.js';
export { Metrics, type MetricsOptions, type ReignFacts } from './metrics.js';
export type { RecorderMetrics } from './recorder-metrics.js';
export { FlagLog } from './flag-log.js';
export { LimitLog } from './limit-log.js';
export { ShortfallLog } from './shortfall-log.js';
export { MoveLog } from './move-log.js';
export { ServerLog } from './server-log.js';
export { TurnLog } from './turn-log.js';
