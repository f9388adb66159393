import type { Millis } from '#core';
import type { Sent } from './endpoint-queue.js';
import type { NoAnswer, WebhookResponse } from './webhook-client.js';

/** How a delivery ended, for metrics and logs: a closed list. `rejected`: another status than 2xx, 3xx or 410. */
export type Result =
  'delivered' | 'rejected' | 'redirected' | 'gone' | 'timed_out' | 'unreachable' | 'blocked';

/** What a post came to; null where we gave up: it is as if it had not been tried. */
export function resultOf(posted: WebhookResponse): Result | null {
  if ('failure' in posted) return posted.failure === 'stopped' ? null : failed(posted.failure);
  const { status } = posted;
  if (status >= 200 && status < 300) return 'delivered';
  if (status === 410) return 'gone';
  return status >= 300 && status < 400 ? 'redirected' : 'rejected';
}

const failed = (failure: Exclude<NoAnswer, 'stopped'>): Result => failure;

/** The same for the state machine. */
export function sentOf(result: Result, posted: WebhookResponse, wallNow: number): Sent {
  if (result === 'delivered' || result === 'gone') return { kind: result };
  return { kind: 'failed', retryAfter: 'retryAfter' in posted ? waitIn(posted.retryAfter, wallNow) : null };
}

/** `Retry-After` in milliseconds: seconds, or a date; null where it is neither. */
function waitIn(header: string | null, wallNow: number): Millis | null {
  const text = header?.trim() ?? '';
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - wallNow);
}
