export type * from './actions.js';
export type * from './events.js';
export type * from './fleet.js';
export type * from './replica.js';
export type * from './server.js';
export { labelsMatch } from './server.js';
export type { Latency, Slowdown } from './slowdown.js';
export { mostHeldBack } from './backlogs.js';
export { copyFleet } from './copy-fleet.js';
export { isSpread } from './device-sets.js';
export { emptyFleet, replicasOf } from './fleet.js';
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
  type TenantId,
} from './ids.js';
export { heldFor } from './held-for.js';
export { fractionOf } from './jitter.js';
export type { ControlMode, IndexRow, Look, MetricsSample, ServingRow, Sighting } from './look.js';
export { loadForecast } from './load-forecast.js';
export { DEFAULT_LEASE, leasedUntil, leaseOn, LONGEST_LEASE } from './leases.js';
export { learnTime, type LoadTimes } from './load-times.js';
export type * from './model.js';
export { idleUnloadAt } from './passes/idle.js';
export { waitingFor } from './passes/eta.js';
export type {
  ChangedModel,
  Cut,
  DeviceStanding,
  Lacking,
  ModelStanding,
  Plan,
  PlanBounds,
  PlannedAnswer,
  PlannedDevice,
  PlannedOrder,
  Supposition,
  WantedBy,
} from './plan/plan.js';
export { type Pressure, PRESSURE_LEVELS, type PressureLevel } from './pressure.js';
export { Planning } from './plan/planning.js';
export { pickRoute, type RecentUses, type RouteQuery } from './routes.js';
export { step } from './step.js';
export { nextWake } from './wake.js';
export { type DeviceFlag, deviceFlags } from './device-flags.js';
export { measuredOn, perhapsTaken, takenByOthers } from './meter.js';
export type { Footprint } from './meters.js';
export { type Basis, dependenciesOf, reservationOf } from './footprint.js';
export { capacities } from './ledger.js';
export { fitPins, type PinsFit } from './fit-pins.js';
export { isQuarantined } from './limits.js';
export { hasDevicesFor } from './passes/places.js';
export { type OpenOrders, openOrders } from './open-orders.js';
export { isGuaranteed, isPinProtected } from './pins.js';
export { isComing } from './passes/wants.js';
export { isComingBack, reloadsOf } from './reloads.js';
export { residentUntil } from './idle-rule.js';
export { isAllSeen, isLeftAlone, isListedNowhere } from './standing.js';
export {
  copiesPerModel,
  lastFailure,
  loadsInFlight,
  type Memory,
  memoryOf,
  modelState,
  type ModelState,
  nextTryAt,
  type ReplicaFlag,
  replicaFlags,
  type ServerFlag,
  serverFlags,
  serverState,
  type ServerState,
  unsatisfiedPins,
} from './view.js';
export { type HostMemory, hostMemories, hostMemoryOf } from './host-memory.js';
export type { Hold } from './why/holds.js';
export type { WhyHere } from './why/why-here.js';
export type { WhyHolder, WhyMove } from './why/scene.js';
export type {
  PlaceVerdict,
  Verdict,
  WhyAccount,
  WhyDevice,
  WhyMemory,
  WhyPlace,
  WhyThere,
} from './why/why-there.js';
export type { LoadCost } from './passes/price.js';
export { slotsTaken } from './slot-use.js';
export { type Demand, type Why, whyOf } from './why/why.js';
