import type { Claimed, Lease, LeaseClaim, LeaseState, Renewed } from '#engine';

/** What a store may do wrong: each of these the simulation has to find. */
export interface Wrongs {
  /** A lease is renewed whoever holds it. */
  readonly renewsAny?: boolean;
  /** Every write is said to be confirmed. */
  readonly confirmsAll?: boolean;
}

/** No lease was ever stored. */
export const NO_LEASE: LeaseState = { lease: null, lastTerm: 0, releasedTerm: 0 };

/** The scripts of the lease, as functions of what is stored: what each answers, and what it leaves. */
export function claimed(
  state: LeaseState,
  { peer, grpc, http, floor, seen }: LeaseClaim,
  micros: number,
): [LeaseState, Claimed] {
  if (JSON.stringify(seen) !== JSON.stringify(state)) return [state, { outcome: 'taken' }];
  const term = Math.max(state.lastTerm + 1, floor + 1, micros);
  const lease: Lease = { peer, term, renewals: 0, grpc, http };
  return [
    { ...state, lease, lastTerm: term },
    { outcome: 'acquired', lease, isConfirmed: false },
  ];
}

export function renewed(state: LeaseState, lease: Lease, { renewsAny }: Wrongs): [LeaseState, Renewed] {
  const { lease: held, lastTerm, releasedTerm } = state;
  const isOthers = held !== null && held.term !== lease.term;
  const isLost = isOthers || lastTerm > lease.term || releasedTerm >= lease.term;
  if (isLost && !renewsAny) return [state, 'lost'];
  return [{ ...state, lease, lastTerm: Math.max(lastTerm, lease.term) }, 'confirmed'];
}

export const released = (state: LeaseState, { term }: Lease): LeaseState =>
  state.lease?.term === term ? { ...state, lease: null, releasedTerm: term } : state;
