import type { Millis } from '#core';
import type { EndpointConfig } from '#config';

/** What is posted to an endpoint. */
export interface WebhookRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Where it is posted to. */
export type Target = Pick<EndpointConfig, 'url' | 'allowPrivate'>;

/**
 * Why there was no answer. `timed_out`: none came in time. `blocked`: the address is one of this machine or of a private
 * network, and the endpoint does not allow that. `unreachable`: no connection, or it ended. `stopped`: we gave up.
 */
export type NoAnswer = 'timed_out' | 'blocked' | 'unreachable' | 'stopped';

/** How a post ended. `retryAfter`: the header as it came. */
export type WebhookResponse =
  { readonly status: number; readonly retryAfter: string | null } | { readonly failure: NoAnswer };

/** Posts events over HTTP. */
export interface WebhookClient {
  /** Never rejects. Resolves within `patience`, or soon after `signal` aborts. Follows no redirect. */
  post(
    request: WebhookRequest,
    target: Target,
    patience: Millis,
    signal: AbortSignal,
  ): Promise<WebhookResponse>;
}
