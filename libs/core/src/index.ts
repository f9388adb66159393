export type * from './actions.js';
export type * from './events.js';
export type * from './fleet.js';
export {
  type AccountId,
  gpuAccount,
  hostAccount,
  type ModelId,
  type OrderId,
  replicaId,
  type ReplicaId,
  type RequestId,
  type ServerId,
} from './ids.js';
export type { ControlMode, IndexRow, Look, MetricsSample, ServingRow, Sighting } from './look.js';
export { sightingOf } from './look.js';
export type * from './model.js';
