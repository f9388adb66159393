import { setTimeout as sleep } from 'node:timers/promises';
import type { LeaseKeeper } from '#engine';
import { type Rows, StoreUnusable } from '#store';
import { Connection, isRefusal } from './connection.js';
import { keysOf } from './keys.js';
import { PeerName } from './peer-name.js';
import { RedisLease } from './redis-lease.js';
import { placeText, type RedisOptions } from './redis-options.js';
import { RedisRows } from './redis-rows.js';
import { checkServer } from './server-check.js';
import { checkTls } from './tls-check.js';

/** A command about the lease is answered within so long, and one about rows, in ms. */
const LEASE_PATIENCE_MS = 1_000;
const ROWS_PATIENCE_MS = 2_000;
const POLL_MS = 200;

export interface OpenRedisOptions {
  readonly redis: RedisOptions;
  readonly fleet: string;
  /** The name of this peer. */
  readonly peer: string;
  /** Hears of what should be changed about Redis, and of what was lost; each is for the operator. */
  readonly onAdvice?: (text: string) => void;
  /** Hears beside that how many writes were lost. */
  readonly onLostWrites?: (count: number) => void;
  /** Hears once, before Redis has answered, that it does not. */
  readonly onWaiting?: (text: string) => void;
  /** Hears that a later term than that of the rows is stored. */
  readonly onHigherTerm?: (term: number) => void;
  /** Hears that a write which was refused is stored: the term of those rows has to end. */
  readonly onFound?: (term: number) => void;
  /** Hears that another process has the name of this peer by now: both count as one, so that this one has to end. */
  readonly onNameLost?: (error: StoreUnusable) => void;
  /** Gives up waiting. */
  readonly signal?: AbortSignal;
}

/** Redis as several peers share it. */
export interface OpenRedis {
  /** Where it is, for messages. */
  readonly place: string;
  readonly leaseKeeper: LeaseKeeper;
  /** The rows, for the peer that leads in this term. Rejects with `StoreUnavailable`. */
  rowsOf(term: number): Promise<Rows>;
  /** Closes the connections. The name of the peer is free afterwards. */
  close(): Promise<void>;
}

/**
 * Waits until Redis answers, and checks that it can be used. Rejects with `StoreUnusable` where it cannot, or another process
 * has the name of this peer, and where the wait is given up.
 */
export async function openRedis(options: OpenRedisOptions): Promise<OpenRedis> {
  const { redis, fleet, peer, onAdvice = () => undefined, onHigherTerm = () => undefined } = options;
  const { onNameLost = () => undefined, onLostWrites = () => undefined, onFound = () => undefined } = options;
  const [keys, place] = [keysOf(redis.keyPrefix), placeText(redis)];
  const forRows = new Connection(redis, ROWS_PATIENCE_MS);
  const forLease = new Connection(redis, LEASE_PATIENCE_MS);
  const name = new PeerName(forRows, keys.names + peer, peer, onNameLost);
  const close = async (): Promise<void> => {
    await name.letGo();
    for (const connection of [forRows, forLease]) connection.close();
  };
  try {
    const advice = await untilChecked(forRows, options, () =>
      checkServer(forRows.client, redis, { keys, fleet }),
    );
    for (const text of advice) onAdvice(text);
    await untilChecked(forRows, options, () => name.take());
  } catch (error) {
    await close();
    throw error;
  }
  const onLoss = (writes: number): void => {
    onAdvice(lossText(place, writes));
    onLostWrites(writes);
  };
  return {
    place,
    leaseKeeper: new RedisLease(forLease, keys, fleet, redis.confirm),
    rowsOf: (term) => RedisRows.open(forRows, keys, { term, place, onHigherTerm, onFound, onLoss }),
    close,
  };
}

/** Tries until it is done or refused: a Redis that is away is waited for. */
async function untilChecked<T>(
  connection: Connection,
  { redis, onWaiting, signal }: OpenRedisOptions,
  check: () => Promise<T>,
): Promise<T> {
  for (let isTold = false; ; isTold = true) {
    try {
      await connection.settled();
      return await check();
    } catch (error) {
      refuse(error as Error, connection.lastError, redis);
      await checkTls(redis);
      const why = (connection.lastError ?? (error as Error)).message;
      if (!isTold) onWaiting?.(`${placeText(redis)} does not answer: ${why}. It is tried again`);
    }
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

function refuse(error: Error, last: Error | null, redis: RedisOptions): void {
  if (error instanceof StoreUnusable) throw error;
  const found = [error, last].find(isRefusal);
  if (found)
    throw new StoreUnusable('wrong_credentials', `redis: ${placeText(redis)} refuses us: ${found.message}`);
}

const lossText = (place: string, writes: number): string =>
  `${place} has lost ${writes} writes that it had acknowledged. What was declared and learned is written again. What was ` +
  'answered to repeated calls, records of the audit, ids of webhooks, events that waited, dead letters and warm-ups that were ' +
  'among them are lost';
