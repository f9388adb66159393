import {
  type AccountId,
  type Booking,
  type Bytes,
  type Fleet,
  gpuAccount,
  hostAccount,
  type Instant,
  type Server,
  type ServerId,
} from '#core';
import type { Place } from '#triton-simulator';
import type { Cause } from './surprises.js';

/** What the books said of a server when a load was decided. */
export interface Books {
  readonly at: Instant;
  /** What each model has booked, the one that is to be loaded among them. */
  readonly booked: ReadonlyMap<string, readonly Booking[]>;
  /** Why it ran out of memory all the same. */
  cause: Cause | undefined;
}

/** The books of a server as they stand. */
export function booksOf(fleet: Readonly<Fleet>, server: Server, at: Instant): Books {
  const booked = new Map<string, Booking[]>();
  const add = (model: string, bookings: readonly Booking[]): void =>
    void booked.set(model, [...(booked.get(model) ?? []), ...bookings]);
  for (const one of fleet.replicas.values()) {
    if (one.server === server.spec.id && one.phase !== 'placed') add(one.model, one.bookings);
  }
  for (const { model, bookings } of server.hidden) add(model, bookings);
  return { at, booked, cause: undefined };
}

/** What is booked of a model at a place of a server. */
export function bookedAt(fleet: Readonly<Fleet>, id: ServerId, model: string, place: Place): Bytes {
  const server = fleet.servers.get(id);
  if (!server) return 0;
  return bytesOn(booksOf(fleet, server, 0).booked.get(model) ?? [], accountAt(fleet, id, place));
}

export const accountAt = ({ servers }: Readonly<Fleet>, id: ServerId, place: Place): AccountId =>
  place === 'host' ? hostAccount(servers.get(id)?.spec.host ?? '') : gpuAccount(id, place);

export const bytesOn = (bookings: readonly Booking[], account: AccountId): Bytes =>
  bookings.reduce((sum, one) => (one.account === account ? sum + one.bytes : sum), 0);
