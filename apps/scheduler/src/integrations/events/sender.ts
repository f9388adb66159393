import type { Millis } from '#core';
import type { EndpointConfig } from '#config';
import type { StoredEvent } from '#engine';
import type { WallClock } from '../../transport/wall-times.js';
import type { WebhookClient } from './webhook-client.js';
import type { Sent } from './endpoint-queue.js';
import { type Result, resultOf, sentOf } from './results.js';
import { signedRequest } from './signature.js';

/** An endpoint has so long to answer. */
const PATIENCE_MS: Millis = 10_000;

/** How an event was sent. */
export interface Tried {
  readonly result: Result;
  /** The HTTP status of the answer; null where there was none. */
  readonly status: number | null;
  readonly sent: Sent;
}

/** Signs events and posts them. */
export class Sender {
  private readonly stopped = new AbortController();

  constructor(
    private readonly client: WebhookClient,
    private readonly wallNow: WallClock,
  ) {}

  get isStopped(): boolean {
    return this.stopped.signal.aborted;
  }

  /** Posts an event once. Never rejects; null: it was stopped meanwhile. */
  async send(
    event: Pick<StoredEvent, 'id' | 'type' | 'at' | 'data'>,
    endpoint: EndpointConfig,
  ): Promise<Tried | null> {
    const request = signedRequest(event, endpoint.secrets, this.wallNow());
    const posted = await this.client.post(request, endpoint, PATIENCE_MS, this.stopped.signal);
    const result = resultOf(posted);
    if (result === null) return null;
    const status = 'status' in posted ? posted.status : null;
    return { result, status, sent: sentOf(result, posted, this.wallNow()) };
  }

  /** Ends what is under way; nothing is sent any more. */
  stop(): void {
    this.stopped.abort();
  }
}
