import { createHmac } from 'node:crypto';
import type { StoredEvent } from '#engine';
import type { WebhookRequest } from './webhook-client.js';

/**
 * An event as Standard Webhooks has it: the same `webhook-id` and body each time, the time of this try in seconds since 1970,
 * and a signature for each secret.
 */
export function signedRequest(
  { id, type, at, data }: Pick<StoredEvent, 'id' | 'type' | 'at' | 'data'>,
  secrets: readonly Uint8Array[],
  wallNow: number,
): WebhookRequest {
  const body = JSON.stringify({ type, timestamp: at, data });
  const timestamp = String(Math.floor(wallNow / 1_000));
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = secrets.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'berth',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signatures.join(' '),
    },
  };
}
