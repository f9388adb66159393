import { hostAccount, type AccountId } from '../fleet/ids.js';
import { type Fleet, unsettled } from '../fleet/fleet.js';
import { indexesOf } from '../fleet/indexes.js';
import { type Purse, pursesOf } from './purses.js';
import type { Booking, Replica } from '../fleet/replica.js';
import type { Bytes, Instant } from '../fleet/model.js';
import { perhapsTaken, takenByOthers } from '../fleet/meter.js';
import { isComingBack } from './reloads.js';
import type { Device, Server } from '../fleet/server.js';
import { unmeasuredShortfall } from './shortfalls.js';
import { isStuck } from '../fleet/stuck.js';

/** The numbers of one account. */
export interface Balance {
  readonly capacity: Bytes;
  /** Held by replicas in every phase but `placed`, and by hidden copies. */
  readonly held: Bytes;
  /** Promised to placed replicas. */
  readonly promised: Bytes;
  /** Held by what is draining or unloading; not by what is stuck, or comes back: that cannot be counted on. */
  readonly leaving: Bytes;
  /**
   * In use, perhaps by others, or by what has left. Nothing is loaded into it before that was measured; no replica
   * leaves and no request is refused for it.
   */
  readonly doubtful: Bytes;
}

/**
 * The memory arithmetic of one pass. When it is first asked, which in most turns is never, it takes down what is in motion
 * and what is hidden; of each account that it is asked for, once, what it may hold and what settled replicas hold of it. So
 * what is to leave, or to grow, is told to it before that is written down. An account without a limit has no end.
 */
export class Ledger {
  private accounts: Map<AccountId, Writable<Balance>> | null = null;

  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly now: Instant = -Infinity,
  ) {}

  of(account: AccountId): Balance {
    return this.balance(account);
  }

  /** Free at this moment. */
  free(account: AccountId): Bytes {
    const { capacity, held, doubtful } = this.balance(account);
    return doubtful > 0
      ? Math.min(capacity - held, Math.max(0, capacity - held - doubtful))
      : capacity - held;
  }

  /** Free once all that is leaving has left and all that is placed has loaded. */
  spare(account: AccountId): Bytes {
    const { capacity, held, promised, leaving } = this.balance(account);
    return capacity - held - promised + leaving;
  }

  fitsFree(bookings: readonly Booking[]): boolean {
    for (const { account, bytes } of bookings) if (bytes > this.free(account)) return false;
    return true;
  }

  fitsSpare(bookings: readonly Booking[]): boolean {
    for (const { account, bytes } of bookings) if (bytes > this.spare(account)) return false;
    return true;
  }

  /** How many places were promised in this pass. */
  promises = 0;

  promise(bookings: readonly Booking[]): void {
    this.promises += 1;
    this.reserve(bookings);
  }

  /** Works everything out anew, after places were given up in this pass. */
  reopen(): void {
    this.accounts = null;
  }

  /** What was promised is now held. */
  start(bookings: readonly Booking[]): void {
    for (const { account, bytes } of bookings) this.balance(account).promised -= bytes;
    this.hold(bookings);
  }

  leave(bookings: readonly Booking[]): void {
    for (const { account, bytes } of bookings) this.balance(account).leaving += bytes;
  }

  private reserve(bookings: readonly Booking[]): void {
    for (const { account, bytes } of bookings) this.balance(account).promised += bytes;
  }

  private hold(bookings: readonly Booking[]): void {
    for (const { account, bytes } of bookings) this.balance(account).held += bytes;
  }

  private book(replica: Replica): void {
    if (replica.phase === 'placed') this.reserve(replica.bookings);
    else this.hold(replica.bookings);
    if (this.isLeaving(replica)) this.leave(replica.bookings);
    if (replica.phase !== 'ready' || !replica.change) return;
    if (replica.change.order) this.hold(replica.change.bookings);
    else this.reserve(replica.change.bookings);
  }

  private isLeaving(replica: Replica): boolean {
    if (isComingBack(this.fleet, replica)) return false;
    if (replica.phase === 'draining') return true;
    return replica.phase === 'unloading' && !isStuck(this.fleet, replica, this.now);
  }

  private balance(account: AccountId): Writable<Balance> {
    const accounts = this.accounts ?? this.open();
    const known = accounts.get(account);
    if (known) return known;
    const held = indexesOf(this.fleet).held.get(account) ?? 0;
    const purses = pursesOf(this.fleet, account);
    const [capacity, doubtful] = [usableCapacity(this.fleet, purses), doubtfulIn(this.fleet, purses)];
    const balance = { capacity, held, promised: 0, leaving: 0, doubtful };
    accounts.set(account, balance);
    return balance;
  }

  private open(): Map<AccountId, Writable<Balance>> {
    const accounts = new Map<AccountId, Writable<Balance>>();
    this.accounts = accounts;
    for (const replica of unsettled(this.fleet)) this.book(replica);
    for (const { hidden } of this.fleet.servers.values()) {
      for (const { bookings } of hidden) this.hold(bookings);
    }
    return accounts;
  }
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What an account may hold beside what others hold of it and what never came back, never below nothing. */
function usableCapacity(fleet: Readonly<Fleet>, purses: readonly Purse[]): Bytes {
  const capacity = leastCapacity(purses);
  for (const { server, device: at } of purses) {
    const device = at === null ? undefined : server.devices?.[at];
    const taken = device ? takenOf(server, device) + unmeasuredShortfall(fleet, device) : 0;
    if (taken > 0) return Math.max(0, capacity - taken);
  }
  return capacity;
}

const takenOf = (server: Server, { kind, ordinal }: Device): Bytes =>
  kind === 'gpu' ? takenByOthers(server, ordinal) : 0;

/** What is in use of an account and may be others'. */
function doubtfulIn(fleet: Readonly<Fleet>, purses: readonly Purse[]): Bytes {
  let doubtful = 0;
  for (const { server, device: at } of purses) {
    const device = at === null ? undefined : server.devices?.[at];
    if (device) doubtful += perhapsTaken(fleet, server, device) ?? 0;
  }
  return doubtful;
}

/** What an account may hold by its size. Servers of one host share its memory; where no limit was told there is none. */
export const capacityOf = (fleet: Readonly<Fleet>, account: AccountId): Bytes =>
  leastCapacity(pursesOf(fleet, account));

function leastCapacity(purses: readonly Purse[]): Bytes {
  let least = Infinity;
  for (const { server, device } of purses) {
    const { kind, capacity } = (device !== null && server.devices?.[device]) || HOST;
    const told = kind === 'gpu' ? capacity : (server.spec.hostMemory ?? capacity);
    least = Math.min(least, told);
  }
  return least;
}

const HOST = { kind: 'host', capacity: Infinity } as const;

/** The same of all accounts. */
export function capacities(fleet: Readonly<Fleet>): ReadonlyMap<AccountId, Bytes> {
  const found = new Map<AccountId, Bytes>();
  for (const { spec, devices } of fleet.servers.values()) {
    for (const device of devices ?? []) {
      if (device.kind === 'gpu') found.set(device.account, device.capacity);
      else lowerTo(found, device.account, spec.hostMemory ?? device.capacity);
    }
    if (spec.hostMemory !== null) lowerTo(found, hostAccount(spec.host), spec.hostMemory);
  }
  return found;
}

function lowerTo(found: Map<AccountId, Bytes>, account: AccountId, bytes: Bytes): void {
  found.set(account, Math.min(found.get(account) ?? Infinity, bytes));
}

/** One list with each account once, as each of the lists has it. */
export function sumOf(lists: readonly (readonly Booking[])[]): readonly Booking[] {
  const [first, ...others] = lists;
  if (first && others.length === 0) return first;
  const total = new Map<AccountId, Bytes>();
  for (const { account, bytes } of lists.flat()) total.set(account, (total.get(account) ?? 0) + bytes);
  return [...total].map(([account, bytes]) => ({ account, bytes }));
}
