export type { DiscoveryMetrics } from './discovery-metrics.js';
export { Metrics } from './metrics.js';
export type { RouteFacts } from './route-metrics.js';
export type { Counts } from './counts.js';
export { FlagLog } from './flag-log.js';
export { LimitLog } from './limit-log.js';
export { ClosedLog } from './closed-log.js';
export { ServerLog } from './server-log.js';
export { TurnLog } from './turn-log.js';
