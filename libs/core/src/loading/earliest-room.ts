import type { AccountId, ReplicaId } from '../fleet/ids.js';
import { idleUnloadAt } from '../demand/idle.js';
import { bytesOn } from '../fleet/meter.js';
import type { Bytes, Instant } from '../fleet/model.js';
import { isLeaving, type Replica } from '../fleet/replica.js';
import type { Place } from '../room/places.js';
import { shortfall } from '../room/victims.js';
import { madeOnce } from '../numbers/groups.js';
import { type CopyToCome, leavesAgainAt, loadingCopy } from './leavers.js';
import type { Schedule } from './schedule.js';

/** Memory of an account that a copy holds or will hold, and when it could have left at the earliest. */
interface Leavable {
  readonly id: ReplicaId;
  readonly bytes: Bytes;
  readonly at: Instant;
}

/**
 * When a place could have room at the earliest, whichever copies may leave for a job. What may leave for one job is a part of
 * that, and so no forecast is earlier: most places need not be looked into.
 */
export class EarliestRoom {
  private readonly byAccount = new Map<AccountId, Leavable[]>();

  constructor(private readonly schedule: Schedule) {}

  /** Infinite where there never is room. */
  at({ bookings }: Place): Instant {
    const { ledger, now } = this.schedule;
    let at = now;
    for (const [account, missing] of shortfall(ledger, bookings))
      at = Math.max(at, this.freed(account, missing));
    return at;
  }

  /** A job ahead brings a copy, which may leave again. */
  add({ bookings }: CopyToCome): void {
    for (const { account } of bookings) this.byAccount.delete(account);
  }

  private freed(account: AccountId, missing: Bytes): Instant {
    let rest = missing;
    for (const { id, bytes, at } of this.on(account)) {
      if (this.schedule.isLeaving({ id })) continue;
      rest -= bytes;
      if (rest <= 0) return at;
    }
    return Infinity;
  }

  private on(account: AccountId): readonly Leavable[] {
    return madeOnce(this.byAccount, account, () => this.leavableOn(account));
  }

  private leavableOn(account: AccountId): Leavable[] {
    const { ledger, coming } = this.schedule;
    const found: Leavable[] = [];
    for (const one of ledger.holdersOf(account)) {
      const bytes = bytesOn(account, one.bookings);
      const at = bytes > 0 && !isLeaving(one) ? this.earliest(one) : Infinity;
      if (at < Infinity) found.push({ id: one.id, bytes, at });
    }
    for (const copy of coming.on([account])) {
      const at = leavesAgainAt(this.schedule, copy, this.schedule.now);
      found.push({ id: copy.id, bytes: bytesOn(account, copy.bookings), at });
    }
    return found.sort((one, other) => one.at - other.at);
  }

  private earliest(replica: Replica): Instant {
    const { schedule } = this;
    const { now, fleet } = schedule;
    if (replica.phase === 'placed') return Infinity;
    if (replica.phase === 'loading') return leavesAgainAt(schedule, loadingCopy(schedule, replica), now);
    if (replica.phase !== 'ready') return now;
    const idle =
      Math.max(now, idleUnloadAt(fleet, replica) ?? Infinity) + schedule.unloadTime(replica.server);
    return Math.min(idle, schedule.freedBy(replica, schedule.drainableFrom(replica)));
  }
}
