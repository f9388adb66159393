export { Metrics, type MetricsOptions } from './metrics.js';
export { TurnLog } from './turn-log.js';
