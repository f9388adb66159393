import { clientOptions, type RedisOptions } from '../redis-options.js';

/** A command of the queue is answered, or rejects within so long, in ms. */
export const PATIENCE_MS = 2_000;
/** A worker blocks for up to 10 s where it waits for a delayed job, so that less would cut it off. */
const WORKER_SOCKET_MS = 15_000;
const RETRY_MS = 100;

/**
 * A worker's commands may block, and are sent again after a failover: each of them is harmless twice. A connection that BullMQ
 * begins while it is being closed ends with the server.
 */
export function workerOptions(redis: RedisOptions, ending: AbortSignal) {
  const { commandTimeout: _, ...options } = clientOptions(redis, PATIENCE_MS);
  return {
    ...options,
    lazyConnect: false,
    maxRetriesPerRequest: null,
    enableOfflineQueue: true,
    autoResendUnfulfilledCommands: true,
    socketTimeout: WORKER_SOCKET_MS,
    retryStrategy: () => (ending.aborted ? null : RETRY_MS),
  };
}
