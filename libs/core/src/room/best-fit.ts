import type { Fleet } from '../fleet/fleet.js';
import type { Ledger } from '../memory/ledger.js';
import type { Bytes } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import type { Place, Site } from './places.js';
import { type AccountId, hostAccount } from '../fleet/ids.js';
import { bytesIn } from '../fleet/meter.js';
import type { Booking } from '../fleet/replica.js';
import { madeOnce } from '../numbers/groups.js';

/** Tells whether a server lacks a GPU that the model needs at some place. */
export function lackIn(sites: readonly Site[]): (server: Server) => boolean {
  let needsGpu: boolean | undefined;
  const isGpuNeeded = (): boolean => (needsGpu ??= sites.some(({ places }) => places.some(takesGpu)));
  return ({ devices }) => devices?.[0]?.kind !== 'gpu' && isGpuNeeded();
}

/** Whether the model, or what it brings, takes memory of a GPU there. */
const takesGpu = ({ bookings }: Place): boolean =>
  bookings.some(({ account, bytes }) => bytes > 0 && account.startsWith('gpu:'));

/** The spare memory and the capacity of all GPUs of one host. */
interface Pool {
  readonly spare: Bytes;
  readonly capacity: Bytes;
}

/**
 * Tells the slack of a place; the best fit has the least. It is a sum of two shares of capacity. The first is what its
 * tightest device would have left, which keeps large gaps for large models. The second is the difference between the
 * shares that the host and its GPUs would have left: where one of them is full, the rest of the other is of no use
 * (`slack.spec.ts`).
 */
export function slackIn(fleet: Readonly<Fleet>, ledger: Ledger): (place: Place) => number {
  const pools = new Map<string, Pool>();
  return ({ server, bookings }) => {
    const { host } = server.spec;
    const account = hostAccount(host);
    const onGpus = bookings.filter((one) => one.account !== account);
    const onHost = bookings.filter((one) => one.account === account);
    const tightest = leastLeft(ledger, onGpus.length > 0 ? onGpus : onHost);
    if (ledger.of(account).capacity === Infinity) return tightest;
    const { spare, capacity } = madeOnce(pools, host, () => poolOn(fleet, ledger, host));
    if (capacity <= 0) return tightest;
    const left = leastLeft(ledger, onHost.length > 0 ? onHost : [{ account, bytes: 0 }]);
    return tightest + Math.abs(left - (spare - bytesIn(onGpus)) / capacity);
  };
}

/** The least share that any of the accounts would have left. */
const leastLeft = (ledger: Ledger, bookings: readonly Booking[]): number =>
  bookings.reduce((least, { account, bytes }) => Math.min(least, shareLeft(ledger, account, bytes)), 1);

/** The share of an account that would be left; 0 where it has no limit or no capacity. */
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
