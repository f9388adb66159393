import type { Fleet } from '../fleet/fleet.js';
import { type AccountId, hostAccount } from '../fleet/ids.js';
import type { Ledger } from '../memory/ledger.js';
import type { Bytes } from '../fleet/model.js';
import type { Booking } from '../fleet/replica.js';
import type { Place } from './places.js';

/** What the GPUs of one host have to spare, all together. */
interface Pool {
  readonly spare: Bytes;
  readonly capacity: Bytes;
}

/**
 * Tells how loosely places fit; the best fit is the one with the least. It is the share of its tightest device that would
 * be left, which keeps the large gaps for large models, and beside it how far apart the host and its GPUs would be in the
 * shares they have left: where one of them is full, what the other has left is worth nothing. Shares, since bytes of the
 * one are not bytes of the other. `slack.spec.ts` shows what that is good for.
 */
export function slackIn(fleet: Readonly<Fleet>, ledger: Ledger): (place: Place) => number {
  const pools = new Map<string, Pool>();
  const poolOf = (host: string): Pool => {
    const known = pools.get(host) ?? poolOn(fleet, ledger, host);
    pools.set(host, known);
    return known;
  };
  return ({ server, bookings }) => {
    const { host } = server.spec;
    const account = hostAccount(host);
    const onGpus = bookings.filter((one) => one.account !== account);
    const onHost = bookings.filter((one) => one.account === account);
    const tightest = leastLeft(ledger, onGpus.length > 0 ? onGpus : onHost);
    if (ledger.of(account).capacity === Infinity) return tightest;
    const { spare, capacity } = poolOf(host);
    if (capacity <= 0) return tightest;
    const left = leastLeft(ledger, onHost.length > 0 ? onHost : [{ account, bytes: 0 }]);
    return tightest + Math.abs(left - (spare - totalBytes(onGpus)) / capacity);
  };
}

/** The least share that any of the accounts would have left. */
const leastLeft = (ledger: Ledger, bookings: readonly Booking[]): number =>
  bookings.reduce((least, { account, bytes }) => Math.min(least, shareLeft(ledger, account, bytes)), 1);

/** Of what is not limited, as of what has no capacity at all, nothing counts as left. */
function shareLeft(ledger: Ledger, account: AccountId, bytes: Bytes): number {
  const { capacity } = ledger.of(account);
  return capacity > 0 && capacity < Infinity ? (ledger.spare(account) - bytes) / capacity : 0;
}

function poolOn(fleet: Readonly<Fleet>, ledger: Ledger, host: string): Pool {
  const accounts = [...fleet.servers.values()]
    .filter(({ spec }) => spec.host === host)
    .flatMap(({ devices }) => devices ?? [])
    .flatMap(({ kind, account }) => (kind === 'gpu' ? [account] : []));
  return accounts.reduce<Pool>(
    (pool, account) => ({
      spare: pool.spare + ledger.spare(account),
      capacity: pool.capacity + ledger.of(account).capacity,
    }),
    { spare: 0, capacity: 0 },
  );
}

const totalBytes = (bookings: readonly Booking[]): Bytes =>
  bookings.reduce((total, { bytes }) => total + bytes, 0);
