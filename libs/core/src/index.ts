export type * from './fleet/actions.js';
export type * from './fleet/events.js';
export type * from './fleet/fleet.js';
export type * from './fleet/replica.js';
export { hasOutlived, isUp } from './fleet/replica.js';
export { PROMISE_CAUSES } from './fleet/actions.js';
export type * from './fleet/server.js';
export { labelsMatch } from './fleet/server.js';
export { copyFleet } from './plan/copy-fleet.js';
export { isSpread } from './memory/device-sets.js';
export { emptyFleet, replicasOf, replicasOn } from './fleet/fleet.js';
export { newIndex } from './fleet/fleet-index.js';
export type { JobInLine, LoadTimes } from './fleet/kept.js';
export type * from './fleet/ids.js';
export { gpuAccount, hostAccount, partsOf, replicaId } from './fleet/ids.js';
export { requestOf } from './answers/request-of.js';
export { fractionOf } from './numbers/jitter.js';
export type { ControlMode, IndexRow, Look, MetricsSample, ServingRow } from './looks/look.js';
export { loadForecast } from './learned/load-forecast.js';
export { DEFAULT_LEASE, leasedUntil, leaseOn, MAX_LEASE, usualLease } from './learned/leases.js';
export { unloadForecast } from './learned/unload-times.js';
export { learnTime } from './learned/load-times.js';
export type * from './fleet/model.js';
export { Now } from './numbers/now.js';
export { idleUnloadAt } from './demand/idle.js';
export { beginWaiting, earliestDeadline, endWaiting, waitingFor } from './fleet/waiting.js';
export type * from './plan/plan.js';
export { type Pressure, PRESSURE_LEVELS, type PressureLevel } from './fleet/pressure.js';
export { Planning } from './plan/planning.js';
export { HandedOut } from './learned/handed-out.js';
export { pickFrom, pickRoute, type RouteRow, routeRow, type RouteSource } from './learned/routes.js';
export { type Awaited, awaitedWatchers, MAX_WATCHERS } from './learned/watchers.js';
export { playInstant } from './instant.js';
export { foreignOn, measuredOn, takenByOthers } from './fleet/meter.js';
export type { Footprint } from './fleet/meters.js';
export { whyClosed, type WhyClosed } from './learned/closing.js';
export { dependenciesOf, reservationOf } from './memory/footprint.js';
export { capacities, sumOf } from './memory/ledger.js';
export { fitPins, type PinsFit } from './room/fit-pins.js';
export { isQuarantined } from './memory/limits.js';
export { bookingsWith, hasDevicesFor } from './room/places.js';
export { type OpenOrders, openOrders } from './explain/open-orders.js';
export { isGuaranteed, isPinProtected } from './memory/pins.js';
export { isComing } from './demand/wants.js';
export { isComingBack, reloadsOf } from './memory/reloads.js';
export { residentUntil } from './fleet/idle-rule.js';
export {
  isAllSeen,
  isLeftAlone,
  isListedNowhere,
  isRoutable,
  isSettling,
  ordersAtOnce,
} from './fleet/standing.js';
export {
  copiesPerModel,
  type DeviceFlag,
  deviceFlags,
  hostMemories,
  type HostMemory,
  hostMemoryOf,
  lastFailure,
  loadsInFlight,
  type Memory,
  memoryOf,
  modelState,
  nextTryAt,
  replicaFlags,
  type ServerFlag,
  serverFlags,
  serverState,
  unsatisfiedPins,
} from './explain/view.js';
export type { Hold } from './explain/holds.js';
export { type Failures, failsInPart, failuresOf } from './learned/failures.js';
export type { WhyHere } from './explain/why-here.js';
export type { WhyHolder } from './explain/scene.js';
export type { WhyMemory } from './explain/why-place.js';
export type { Verdict, WhyDevice, WhyThere } from './explain/why-there.js';
export { type Foretold, foretold } from './plan/foretold.js';
export { type Demand, type Why, whyOf } from './plan/why.js';
export { type Removal } from './scaling/removal.js';
export { type Scaling, scalingAndRemovals, scalingOf } from './scaling/scaling.js';
export { largestWant, type WantHistory, withWant } from './scaling/want-history.js';
