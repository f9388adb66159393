import type { Fleet } from '../fleet/fleet-state.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Draining, Ready } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';

/** The lease of a route where the caller asks for no other, and the longest that a caller may ask for. */
export const DEFAULT_LEASE: Millis = 10_000;
export const MAX_LEASE: Millis = 600_000;

/** When the leases on a server end that drains with a deadline; infinite on every other server. */
export const leasesEndBy = (server: Server | undefined): Instant =>
  server?.drain?.deadline == null ? Infinity : server.drain.deadline + DEFAULT_LEASE;

/** The same for one copy: no drain ends the leases on a stranger that the operator keeps. */
export function leasesOnEndBy(
  { servers }: Readonly<Fleet>,
  { server: id, stranger }: Pick<Ready, 'server' | 'stranger'>,
): Instant {
  const server = servers.get(id);
  return stranger && server?.spec.strangers === 'keep' ? Infinity : leasesEndBy(server);
}

/**
 * The lease of a route to this copy: what was asked for, or the whole milliseconds that the drain leaves of it. While orders are
 * held no longer leases are given than the next leader grants to every copy that it finds: nothing keeps a longer one.
 */
export function leaseOn(
  fleet: Readonly<Fleet>,
  replica: Pick<Ready, 'server' | 'stranger'>,
  asked: Millis,
  now: Instant,
): Millis {
  const left = Math.floor(leasesOnEndBy(fleet, replica) - now);
  return Math.max(0, Math.min(asked, left, fleet.held ? DEFAULT_LEASE : Infinity));
}

/**
 * Until when leases hold on this copy. A drain with a deadline cuts them short; where the drain is cancelled they hold
 * again, so `inUseUntil` keeps what was promised.
 */
export const leasedUntil = (
  fleet: Readonly<Fleet>,
  replica: Pick<Ready | Draining, 'server' | 'stranger' | 'inUseUntil'>,
): Instant => Math.min(replica.inUseUntil, leasesOnEndBy(fleet, replica));

/** The gain with which TCP learns round trips (RFC 6298). */
const LEASE_GAIN = 1 / 8;

/** Learns how long the leases are that callers of a model ask for: a longer one counts at once, a shorter one in part. */
export function learnLease({ models, usualLeases }: Fleet, model: ModelId, lease: Millis): void {
  if (!models.has(model)) return;
  const known = usualLeases.get(model);
  const next = known === undefined || lease >= known ? lease : known + (lease - known) * LEASE_GAIN;
  if (next !== known) usualLeases.set(model, next);
}

/** How long the next lease on a copy of a model should be. */
export const usualLease = ({ usualLeases }: Readonly<Fleet>, model: ModelId): Millis =>
  usualLeases.get(model) ?? DEFAULT_LEASE;
