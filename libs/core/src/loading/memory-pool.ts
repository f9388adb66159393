import { type Fleet, unsettledAt, unsettledOn } from '../fleet/fleet.js';
import type { AccountId, ReplicaId, ServerId } from '../fleet/ids.js';
import { leasedUntil } from '../learned/leases.js';
import { restOfLoad } from '../learned/load-forecast.js';
import { restOf } from '../learned/load-times.js';
import { unloadForecast } from '../learned/unload-times.js';
import { silentUntil } from '../learned/watchers.js';
import { bytesOn } from '../fleet/meter.js';
import type { Ledger } from '../memory/ledger.js';
import { isComingBack } from '../memory/reloads.js';
import { toldUntil } from '../memory/untold.js';
import type { Bytes, Instant } from '../fleet/model.js';
import { deviceOf, ownersOf } from '../memory/account-owners.js';
import { opensAt, SOON } from '../learned/closing.js';
import { type Booking, type Draining, isLeaving, type Ready, type Unloading } from '../fleet/replica.js';
import { isStuck } from '../fleet/standing.js';
import { madeOnce } from '../numbers/groups.js';

/** Bytes of an account that are free from a moment on. */
interface Chunk {
  readonly at: Instant;
  readonly bytes: Bytes;
}

/** Copies that leave, and when their memory is free. */
export interface Freed {
  readonly copies: readonly ReplicaId[];
  readonly bookings: readonly Booking[];
  readonly at: Instant;
}

/**
 * From when on the memory of each account is free: what is free now, and what leaves by when. Jobs take from it in the
 * order of the line, each as soon as it may, and of what is free by then what is free last.
 */
export class MemoryPool {
  private readonly chunks = new Map<AccountId, Chunk[]>();
  private readonly told = new Map<ServerId, Instant>();
  private readonly opens = new Map<AccountId, Instant>();

  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly ledger: Ledger,
    private readonly now: Instant,
  ) {}

  /** When so much is free of each of these accounts, if nothing else takes it; infinite where it never is. */
  freeAt(bookings: readonly Booking[]): Instant {
    let at = this.now;
    for (const { account, bytes } of bookings) if (bytes > 0) at = Math.max(at, this.walk(account, bytes).at);
    return at;
  }

  /** Takes so much of each of these accounts for a load that begins at a moment. */
  take(bookings: readonly Booking[], begins: Instant): void {
    for (const { account, bytes } of bookings)
      if (bytes > 0) this.chunks.set(account, this.walk(account, bytes, begins).left);
  }

  /** From when on loads may begin on all devices of these accounts: now, unless one is closed. Infinity: there is no telling. */
  opensAt(bookings: readonly Booking[]): Instant {
    let at = this.now;
    for (const { account, bytes } of bookings) if (bytes > 0) at = Math.max(at, this.openOf(account));
    return at;
  }

  private openOf(account: AccountId): Instant {
    return madeOnce(this.opens, account, () => {
      let at = this.now;
      for (const owner of ownersOf(this.fleet, account)) {
        const device = deviceOf(owner);
        if (device) at = Math.max(at, opensAt(this.fleet, owner.server, device, this.now));
      }
      return at;
    });
  }

  /** These bytes are free from then on. */
  add(bookings: readonly Booking[], from: Instant): void {
    for (const { account, bytes } of bookings) {
      const chunks = this.of(account);
      const at = Math.max(from, this.openOf(account));
      const behind = chunks.findIndex((one) => one.at > at);
      chunks.splice(behind < 0 ? chunks.length : behind, 0, { at, bytes });
    }
  }

  /**
   * When what drains on a server need not wait any more for the configs of what is loaded there (see `untoldUntil`), nor
   * for watchers that are silent.
   */
  toldBy(server: ServerId): Instant {
    const { fleet, now } = this;
    return madeOnce(this.told, server, () => Math.max(toldFrom(fleet, server, now), silentUntil(fleet, now)));
  }

  /**
   * Of what is free by the time a load begins the last to be free is taken first: what is free sooner stays for jobs that
   * could begin sooner.
   */
  private walk(account: AccountId, bytes: Bytes, begins = -Infinity): { at: Instant; left: Chunk[] } {
    const chunks = this.of(account);
    let sum = 0;
    const enough = chunks.findIndex((chunk) => (sum += chunk.bytes) >= bytes);
    if (enough < 0) return { at: Infinity, left: [] };
    const last = Math.max(
      enough,
      chunks.findLastIndex(({ at }) => at <= begins),
    );
    const left = chunks.slice(last + 1);
    let missing = bytes;
    for (const chunk of chunks.slice(0, last + 1).reverse()) {
      const taken = Math.min(Math.max(0, chunk.bytes), missing);
      missing -= taken;
      if (chunk.bytes !== taken) left.unshift({ at: chunk.at, bytes: chunk.bytes - taken });
    }
    return { at: chunks[enough]!.at, left };
  }

  private of(account: AccountId): Chunk[] {
    return madeOnce(this.chunks, account, () => this.found(account));
  }

  private found(account: AccountId): Chunk[] {
    const { capacity, held } = this.ledger.of(account);
    const bytes = this.ledger.free(account);
    const opens = this.openOf(account);
    const withheld = capacity - held - bytes;
    const later = withheld > 0 ? [{ at: opens, bytes: withheld }] : [];
    const leaving = this.leaving(account).map((one) => ({ ...one, at: Math.max(one.at, opens) }));
    return [{ at: this.now, bytes }, ...[...later, ...leaving].sort((one, other) => one.at - other.at)];
  }

  /** What leaves an account. */
  private leaving(account: AccountId): Chunk[] {
    const { fleet, now } = this;
    const found: Chunk[] = [];
    for (const one of unsettledAt(fleet, account)) {
      if (!isLeaving(one) || isStuck(fleet, one, now) || isComingBack(fleet, one)) continue;
      found.push({
        at: goneAt(fleet, one, now, this.toldBy(one.server)),
        bytes: bytesOn(account, one.bookings),
      });
    }
    return found;
  }
}

/** What is needed of memory besides that of these. */
export const besides = (bookings: readonly Booking[], victims: readonly Ready[]): readonly Booking[] =>
  bookings.map(({ account, bytes }) => {
    const leaving = victims.flatMap((one) => one.bookings.filter((held) => held.account === account));
    return {
      account,
      bytes: Math.max(
        0,
        leaving.reduce((rest, held) => rest - held.bytes, bytes),
      ),
    };
  });

/** When the memory of a copy that leaves should be free: nothing keeps it any more, and then it is unloaded. */
function goneAt(
  fleet: Readonly<Fleet>,
  leaving: Draining | Unloading,
  now: Instant,
  toldBy: Instant,
): Instant {
  const unload = unloadForecast(fleet.servers.get(leaving.server));
  if (leaving.phase === 'unloading') return now + restOf(unload, now - leaving.emptiedAt).p50;
  const leased = leasedUntil(fleet, leaving);
  const kept = Math.max(toldBy, leased);
  // What could have been unloaded in an earlier turn waits for what only an event tells.
  const isHeld = leaving.since < now && leased < now && kept <= now;
  return (isHeld ? now + SOON : kept) + unload.p50;
}

/** A config is told when its load ends; that of a copy which is ready already is told at once. */
function toldFrom(fleet: Readonly<Fleet>, server: ServerId, now: Instant): Instant {
  let told = now;
  for (const one of unsettledOn(fleet, server)) {
    const until = toldUntil(fleet, one);
    if (until <= now) continue;
    told = Math.max(told, until < Infinity ? until : now + Math.max(SOON, restOfLoad(fleet, one, now).p50));
  }
  return told;
}
