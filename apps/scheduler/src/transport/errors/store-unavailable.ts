/** Interval between tries of a store that fails. */
export const STORE_AGAIN_MS = 5_000;

/** Nothing is stored just now; routes go on. */
export const STORE_UNAVAILABLE = { reason: 'store_unavailable', retryAfter: STORE_AGAIN_MS } as const;
