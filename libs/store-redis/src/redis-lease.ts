import type { Redis } from 'ioredis';
import type { Claimed, Lease, LeaseClaim, LeaseKeeper, LeaseReading, Renewed } from '#engine';
import type { RedisLink } from './connection.js';
import { InTime } from './in-time.js';
import type { Keys } from './keys.js';
import { ACQUIRE } from './scripts/acquire.js';
import { READ_LEASE } from './scripts/read-lease.js';
import { RELEASE } from './scripts/release.js';
import { RENEW } from './scripts/renew.js';

/** A replica that was last heard of so long ago is there, in s: it tells each second. */
const MAX_LAG_S = 2;

/** A release is tried so often. */
const RELEASE_TRIES = 3;

/** The lease in Redis. Each command that changes it, but for a release, is void when it arrives late. */
export class RedisLease implements LeaseKeeper {
  private readonly inTime: InTime;

  constructor(
    private readonly connection: RedisLink,
    private readonly keys: Keys,
    private readonly fleet: string,
    /** Replicas that have to confirm. */
    private readonly confirm: number,
    /** The clock of this process, in ms. */
    now: () => number = () => performance.now(),
  ) {
    this.inTime = new InTime(connection, now);
  }

  async read(): Promise<LeaseReading> {
    const [found, canConfirm] = await this.connection.ask((client) =>
      Promise.all([client.eval(READ_LEASE, 2, ...this.lockKeys), this.canConfirm(client)]),
    );
    const reply = found as unknown[];
    this.inTime.noteClock(Number(reply[0]));
    const text = String(reply[1]);
    return {
      lease: text === '' ? null : leaseOf(text),
      lastTerm: Number(reply[2]),
      releasedTerm: Number(reply[3]),
      canConfirm,
    };
  }

  async acquire({ peer, grpc, http, floor, seen }: LeaseClaim): Promise<Claimed> {
    const { lease, lastTerm, releasedTerm } = seen;
    const { reply, isConfirmed } = await this.inTime.run(ACQUIRE, this.lockKeys, [
      ...[lease === null ? '' : textOf(lease), lastTerm, releasedTerm],
      ...[floor, peer, `${grpc}|${http}`, this.fleet],
    ]);
    const text = String(reply[0]);
    return text === 'taken'
      ? { outcome: 'taken' }
      : { outcome: 'acquired', lease: leaseOf(text), isConfirmed };
  }

  async renew(lease: Lease): Promise<Renewed> {
    const args = [lease.term, beginningOf(lease), textOf(lease), this.fleet];
    const { reply, isConfirmed } = await this.inTime.run(RENEW, this.lockKeys, args);
    if (reply[0] === 'lost') return 'lost';
    return isConfirmed ? 'confirmed' : 'unconfirmed';
  }

  /** A server that was the master once takes the release, too: it counts where a replica confirmed it. */
  async release(lease: Lease): Promise<void> {
    const args = [lease.term, beginningOf(lease)];
    for (let tries = 0; tries < RELEASE_TRIES; tries += 1) {
      if (tries > 0) await this.connection.settled();
      const released = await this.connection.run(RELEASE, this.lockKeys, args).catch(() => null);
      if (released?.isConfirmed === true) return;
      this.connection.askAnew();
    }
    throw new Error(
      'the release of the lease was not confirmed: the next leader waits until the lease is old',
    );
  }

  private async canConfirm(client: Redis): Promise<boolean> {
    if (this.confirm === 0) return true;
    const info = await client.info('replication');
    const lags = [...info.matchAll(/^slave\d+:.*state=online.*lag=(\d+)/gm)].map(([, lag]) => Number(lag));
    return /^role:master/m.test(info) && lags.filter((lag) => lag <= MAX_LAG_S).length >= this.confirm;
  }

  private get lockKeys(): [string, string] {
    return [this.keys.meta, this.keys.lease];
  }
}

/** How every lease of a term begins. */
const beginningOf = ({ peer, term }: Lease): string => `${peer}|${term}|`;

const textOf = (lease: Lease): string => `${beginningOf(lease)}${lease.renewals}|${lease.grpc}|${lease.http}`;

function leaseOf(text: string): Lease {
  const [peer = '', term, renewals, grpc = '', http = '', ...rest] = text.split('|');
  const isSane = /^\d+$/.test(term ?? '') && /^\d+$/.test(renewals ?? '') && rest.length === 0;
  if (!isSane)
    throw new Error('the lease that is stored makes no sense: remove its key, or give another keyPrefix');
  return { peer, term: Number(term), renewals: Number(renewals), grpc, http };
}
