import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOf } from '../fleet/fleet.js';
import type { ModelId, ReplicaId, ServerId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import { idleUnloadAt, queueGraceEnds } from '../demand/idle.js';
import type { Booking, Phase, Replica, UnloadCause } from '../fleet/replica.js';
import { loadBounds, stuckAt } from '../fleet/standing.js';
import { type Failures, failuresOf } from '../learned/failures.js';
import { type ReplicaFlag, replicaFlags } from './view.js';
import { type Hold, holdsOn } from './holds.js';

/** A replica of the model asked about, and when its phase ends. */
export interface WhyHere {
  readonly replica: ReplicaId;
  readonly server: ServerId;
  readonly devices: readonly number[];
  readonly phase: Phase;
  readonly since: Instant;
  /**
   * When the phase ends at the latest if nothing happens meanwhile; null: never. Ready: when it is retired for being
   * idle. Draining: when its queue is no longer waited for. Otherwise: when its order counts as overdue or stuck.
   */
  readonly until: Instant | null;
  readonly bookings: readonly Booking[];
  readonly flags: readonly ReplicaFlag[];
  readonly holds: readonly Hold[];
  readonly failures: Failures | null;
  /** Why it leaves, and for which model; null where it does not leave. */
  readonly leaving: { readonly cause: UnloadCause | null; readonly makesRoomFor: ModelId | null } | null;
}

export const whyHere = (fleet: Readonly<Fleet>, model: ModelId, now: Now): WhyHere[] =>
  replicasOf(fleet, model).map((replica) => ({
    replica: replica.id,
    server: replica.server,
    devices: replica.devices,
    phase: replica.phase,
    since: replica.since,
    until: endOf(fleet, replica),
    bookings: replica.bookings,
    flags: replicaFlags(fleet, replica, now),
    holds: holdsOn(fleet, replica, now),
    failures: failuresOf(fleet, replica, now),
    leaving: 'makesRoomFor' in replica ? { cause: replica.cause, makesRoomFor: replica.makesRoomFor } : null,
  }));

function endOf(fleet: Readonly<Fleet>, replica: Replica): Instant | null {
  switch (replica.phase) {
    case 'placed':
      return null;
    case 'ready':
      return idleUnloadAt(fleet, replica);
    case 'draining':
      return queueGraceEnds(fleet, replica);
    case 'loading':
      return loadBounds(fleet, replica)?.overdueAt ?? null;
    case 'unloading':
    case 'unknown':
      return stuckAt(fleet, replica);
  }
}
