export type { Answer, Pending, ResolveQuery, Route } from './answer.js';
export { carryOutWarmup } from './carry-out-warmup.js';
export { Election, type ElectionOptions, type AcquiredTerm } from './election.js';
export { ELECTION_PROFILES } from './election-profile.js';
export { Engine } from './engine.js';
export { OrderBook } from './order-book.js';
export type {
  Claimed,
  Lease,
  LeaseClaim,
  LeaseKeeper,
  LeaseReading,
  LeaseState,
  Renewed,
} from './ports/lease-keeper.js';
export type { KnownPeers } from './ports/known-peers.js';
export type { Leader, Leaders } from './ports/leaders.js';
export { type Leadership, soleLeadership } from './ports/leadership.js';
export type { Clock } from './ports/clock.js';
export type * from './ports/declarations.js';
export type * from './ports/learned.js';
export type * from './ports/outbox.js';
export {
  LookRefused,
  type ModelDescription,
  type ModelServer,
  OrderRefused,
  OrderUnsent,
  type Trouble,
} from './ports/model-server.js';
export type { FailedTurn, Observer, SentOrder, Turn } from './ports/observer.js';
export {
  ENDED_KEPT_MS,
  ENDED_WARMUPS,
  type NewWarmup,
  type Warmup,
  type WarmupCounts,
  WARMUP_TRIES,
  type WarmupState,
  type WarmupWork,
  type Warmups,
  WARMUPS_AT_A_TIME,
  type WarmEnd,
  warmupRetryAfter,
} from './ports/warmups.js';
export { type Difference, type RecordedTurn, Replay } from './replay.js';
