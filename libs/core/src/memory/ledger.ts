import { Now } from '../numbers/now.js';
import type { AccountId } from '../fleet/ids.js';
import { type Fleet, unsettledAt } from '../fleet/fleet.js';
import { indexesOf, inOrder } from '../fleet/indexes.js';
import { type AccountOwner, deviceOf, ownersByAccount, ownersOf } from './account-owners.js';
import type { Booking, Replica } from '../fleet/replica.js';
import type { Bytes } from '../fleet/model.js';
import { bytesOn, closedOn, takenByOthers, withheldOn } from '../fleet/meter.js';
import { isComingBack } from './reloads.js';
import type { Device, Server } from '../fleet/server.js';
import { isStuck } from '../fleet/standing.js';

/** The bytes of one account. */
export interface Balance {
  readonly capacity: Bytes;
  /** Held by replicas in every phase but `placed`, and by hidden copies. */
  held: Bytes;
  /** Promised to placed replicas. */
  promised: Bytes;
  /** Held by what drains or unloads, but not by what is stuck or comes back: that memory cannot be counted on. */
  leaving: Bytes;
  /** Nothing is loaded into so much of it while its device is closed; no replica leaves and no request is refused for that. */
  readonly withheld: Bytes;
}

/**
 * The memory arithmetic of one pass. Balances are worked out when they are first read; so a pass tells the ledger what
 * is to leave, or to grow, before it writes that down. An account without a limit has an infinite capacity.
 */
export class Ledger {
  private accounts: Map<AccountId, Balance> | null = null;
  private readonly holders = new Map<AccountId, readonly Replica[]>();

  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly now: Now = new Now(-Infinity),
  ) {}

  of(account: AccountId): Readonly<Balance> {
    const accounts = this.accounts ?? this.open();
    const known = accounts.get(account);
    if (known) return known;
    const held = indexesOf(this.fleet).held.get(account) ?? 0;
    const owners = ownersOf(this.fleet, account);
    const [capacity, withheld] = [usableCapacity(this.fleet, owners), withheldIn(owners)];
    const balance = { capacity, held, promised: 0, leaving: 0, withheld };
    accounts.set(account, balance);
    for (const replica of unsettledAt(this.fleet, account)) this.book(replica, account, balance);
    return balance;
  }

  /** The replicas that hold memory of an account, or are promised it, in the order of the fleet. */
  holdersOf(account: AccountId): readonly Replica[] {
    const known = this.holders.get(account);
    if (known) return known;
    const settled = indexesOf(this.fleet).holding.get(account) ?? [];
    const others = unsettledAt(this.fleet, account).map(({ id }) => id);
    const found = inOrder(this.fleet, [...settled, ...others]);
    this.holders.set(account, found);
    return found;
  }

  /** Free at this moment. */
  free(account: AccountId): Bytes {
    const { capacity, held, withheld } = this.of(account);
    return Math.min(capacity - held, Math.max(0, capacity - held - withheld));
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

  promise(bookings: readonly Booking[]): void {
    this.add('promised', bookings);
  }

  /** What was promised is now held. */
  start(bookings: readonly Booking[]): void {
    this.add('promised', bookings, -1);
    this.add('held', bookings);
  }

  leave(bookings: readonly Booking[]): void {
    this.add('leaving', bookings);
  }

  private add(to: 'held' | 'promised' | 'leaving', bookings: readonly Booking[], sign: 1 | -1 = 1): void {
    for (const { account, bytes } of bookings) {
      const balance: Balance = this.of(account);
      balance[to] += sign * bytes;
    }
  }

  /** Takes down what is hidden, and what is promised to copies that are to be loaded anew. */
  private open(): Map<AccountId, Balance> {
    const accounts = new Map<AccountId, Balance>();
    this.accounts = accounts;
    for (const { bookings } of this.fleet.reloads.values()) this.promise(bookings);
    for (const { hidden } of this.fleet.servers.values()) {
      for (const { bookings } of hidden) this.add('held', bookings);
    }
    return accounts;
  }

  /** Takes down what is in motion; what settled replicas hold is in the indexes. */
  private book(replica: Replica, account: AccountId, balance: Balance): void {
    const bytes = bytesOn(account, replica.bookings);
    balance[replica.phase === 'placed' ? 'promised' : 'held'] += bytes;
    if (this.isLeaving(replica)) balance.leaving += bytes;
  }

  private isLeaving(replica: Replica): boolean {
    if (isComingBack(this.fleet, replica)) return false;
    if (replica.phase === 'draining') return true;
    return replica.phase === 'unloading' && !isStuck(this.fleet, replica, this.now);
  }
}

/** What an account may hold beside foreign memory, residue and shortfalls: 0 at least. */
function usableCapacity(fleet: Readonly<Fleet>, owners: readonly AccountOwner[]): Bytes {
  const capacity = leastCapacity(owners);
  for (const owner of owners) {
    const device = deviceOf(owner);
    const taken = device
      ? takenOf(owner.server, device) + unmeasuredShortfall(fleet, owner.server, device)
      : 0;
    if (taken > 0) return Math.max(0, capacity - taken);
  }
  return capacity;
}

/**
 * What must be in use of an unmeasured device, beside all that is counted, since a load ran out there. While that load may
 * hold its booking still, nothing is left; once it is known to be gone, a byte less than it had asked for.
 */
function unmeasuredShortfall(
  { shortfalls, replicas }: Readonly<Fleet>,
  server: Server,
  device: Device,
): Bytes {
  const isMeasured = device.used !== null || closedOn(server, device) !== null;
  const shortfall = isMeasured ? undefined : shortfalls.get(device.account);
  if (!shortfall) return 0;
  const mayHold = replicas.get(shortfall.replica)?.phase === 'unknown';
  return mayHold ? shortfall.bytes - 1 : shortfall.bytes;
}

const takenOf = (server: Server, { kind, ordinal }: Device): Bytes =>
  kind === 'gpu' ? takenByOthers(server, ordinal) : 0;

const withheldIn = (owners: readonly AccountOwner[]): Bytes =>
  owners.reduce((sum, owner) => sum + withheldOn(owner.server, deviceOf(owner)), 0);

/** What an account may hold by its size; infinite where no limit was told. */
export const capacityOf = (fleet: Readonly<Fleet>, account: AccountId): Bytes =>
  leastCapacity(ownersOf(fleet, account));

/** The same of all accounts that have a limit. */
export function capacities(fleet: Readonly<Fleet>): ReadonlyMap<AccountId, Bytes> {
  const found = new Map<AccountId, Bytes>();
  for (const [account, owners] of ownersByAccount(fleet)) {
    const capacity = leastCapacity(owners);
    if (capacity < Infinity) found.set(account, capacity);
  }
  return found;
}

/** Servers share the memory of their host: the least that any of them tells counts. */
const leastCapacity = (owners: readonly AccountOwner[]): Bytes =>
  owners.reduce((least, owner) => Math.min(least, toldCapacity(owner)), Infinity);

function toldCapacity(owner: AccountOwner): Bytes {
  const device = deviceOf(owner);
  if (device?.kind === 'gpu') return device.capacity;
  return owner.server.spec.hostMemory ?? device?.capacity ?? Infinity;
}

/** One list of bookings with each account once. */
export function sumOf(lists: readonly (readonly Booking[])[]): readonly Booking[] {
  const [first, ...others] = lists;
  if (first && others.length === 0) return first;
  const total = new Map<AccountId, Bytes>();
  for (const { account, bytes } of lists.flat()) total.set(account, (total.get(account) ?? 0) + bytes);
  return [...total].map(([account, bytes]) => ({ account, bytes }));
}
