import type {
  WebhookClient,
  WebhookRequest,
  WebhookResponse,
  Target,
} from '../../apps/scheduler/src/integrations/events/webhook-client.js';

/** What came to an endpoint. */
export interface Posting {
  readonly url: string;
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Ends the call. */
  readonly answer: (posted: WebhookResponse) => void;
}

/** A client with memory: each call ends when the test says so, or as `answers` says at once. */
export class FakeWebhookClient implements WebhookClient {
  readonly postings: Posting[] = [];
  /** How calls end; undefined: when the test says so. */
  answers: (url: string) => WebhookResponse | undefined = () => ({ status: 204, retryAfter: null });

  post(
    { headers, body }: WebhookRequest,
    { url }: Target,
    _: number,
    signal: AbortSignal,
  ): Promise<WebhookResponse> {
    const { type, data } = JSON.parse(body) as Pick<Posting, 'type' | 'data'>;
    return new Promise((resolve) => {
      const stop = (): void => answer({ failure: 'stopped' });
      const answer = (posted: WebhookResponse): void => {
        signal.removeEventListener('abort', stop);
        resolve(posted);
      };
      signal.addEventListener('abort', stop);
      this.postings.push({ url, id: headers['webhook-id']!, type, data, answer });
      const posted = this.answers(url);
      if (posted) answer(posted);
    });
  }

  get ids(): string[] {
    return this.postings.map(({ id }) => id);
  }
}
