import { hostAccount, type AccountId } from './ids.js';
import type { Fleet } from './fleet.js';
import type { Booking, Replica } from './replica.js';
import type { Bytes, Instant } from './model.js';
import { isStuck } from './stuck.js';

/** The numbers of one account. */
export interface Balance {
  readonly capacity: Bytes;
  /** Held by replicas in every phase but `placed`, and by hidden copies. */
  readonly held: Bytes;
  /** Promised to placed replicas. */
  readonly promised: Bytes;
  /** Held by what is draining or unloading; nobody can count on what is stuck. */
  readonly leaving: Bytes;
}

const EMPTY: Balance = { capacity: Infinity, held: 0, promised: 0, leaving: 0 };

/**
 * The memory arithmetic of one pass. It is worked out afresh from the replicas each time, so there is no running
 * total that could drift from them. An account nobody limits has no end.
 */
export class Ledger {
  private readonly accounts = new Map<AccountId, { -readonly [Key in keyof Balance]: Balance[Key] }>();

  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly now: Instant = -Infinity,
  ) {
    for (const [account, capacity] of capacities(fleet)) this.accounts.set(account, { ...EMPTY, capacity });
    for (const replica of fleet.replicas.values()) this.book(replica);
    for (const { hidden } of fleet.servers.values()) {
      for (const { bookings } of hidden) this.add(bookings, 'held', 1);
    }
  }

  of(account: AccountId): Balance {
    return this.accounts.get(account) ?? EMPTY;
  }

  /** Free at this moment. */
  free(account: AccountId): Bytes {
    const { capacity, held } = this.of(account);
    return capacity - held;
  }

  /** Free once all that is leaving has left and all that is placed has loaded. */
  spare(account: AccountId): Bytes {
    const { capacity, held, promised, leaving } = this.of(account);
    return capacity - held - promised + leaving;
  }

  fitsFree(bookings: readonly Booking[]): boolean {
    return bookings.every(({ account, bytes }) => bytes <= this.free(account));
  }

  fitsSpare(bookings: readonly Booking[]): boolean {
    return bookings.every(({ account, bytes }) => bytes <= this.spare(account));
  }

  /** How many places were promised in this pass. */
  promises = 0;

  promise(bookings: readonly Booking[]): void {
    this.promises += 1;
    this.add(bookings, 'promised', 1);
  }

  /** What was promised is now held. */
  start(bookings: readonly Booking[]): void {
    this.add(bookings, 'promised', -1);
    this.add(bookings, 'held', 1);
  }

  leave(bookings: readonly Booking[]): void {
    this.add(bookings, 'leaving', 1);
  }

  private book(replica: Replica): void {
    this.add(replica.bookings, replica.phase === 'placed' ? 'promised' : 'held', 1);
    if (this.isLeaving(replica)) this.add(replica.bookings, 'leaving', 1);
    if (replica.phase !== 'ready' || !replica.change) return;
    this.add(replica.change.bookings, replica.change.order ? 'held' : 'promised', 1);
  }

  private isLeaving(replica: Replica): boolean {
    if (replica.phase === 'draining') return true;
    return replica.phase === 'unloading' && !isStuck(this.fleet, replica, this.now);
  }

  private add(bookings: readonly Booking[], column: 'held' | 'promised' | 'leaving', sign: 1 | -1): void {
    for (const { account, bytes } of bookings) {
      const known = this.accounts.get(account);
      const balance = known ?? { ...EMPTY };
      if (!known) this.accounts.set(account, balance);
      balance[column] += sign * bytes;
    }
  }
}

/** What each account may hold. Servers of one host share its memory; where no limit was told there is none. */
export function capacities(fleet: Readonly<Fleet>): ReadonlyMap<AccountId, Bytes> {
  const found = new Map<AccountId, Bytes>();
  for (const { spec, devices } of fleet.servers.values()) {
    for (const device of devices ?? []) {
      if (device.kind === 'gpu') found.set(device.account, device.capacity);
      else lower(found, device.account, spec.hostMemory ?? device.capacity);
    }
    if (spec.hostMemory !== null) lower(found, hostAccount(spec.host), spec.hostMemory);
  }
  return found;
}

function lower(found: Map<AccountId, Bytes>, account: AccountId, bytes: Bytes): void {
  found.set(account, Math.min(found.get(account) ?? Infinity, bytes));
}

/** One list with each account once. */
export function sumOf(lists: readonly (readonly Booking[])[]): Booking[] {
  const total = new Map<AccountId, Bytes>();
  for (const { account, bytes } of lists.flat()) total.set(account, (total.get(account) ?? 0) + bytes);
  return [...total].map(([account, bytes]) => ({ account, bytes }));
}
