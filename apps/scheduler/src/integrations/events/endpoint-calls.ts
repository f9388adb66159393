import { Inject, Injectable } from '@nestjs/common';
import type { WebhookEndpointMessage, WebhookTestMessage } from '#contracts';
import { Refused } from '../../transport/errors/refused.js';
import { Semaphore } from '../../transport/limits/semaphore.js';
import { Lifecycle } from '../../transport/lifecycle.js';
import { EventDispatcher } from './event-dispatcher.js';

/** Bound of tests under way. */
const MAX_TESTS = 4;

/** Tells of the endpoints of the configuration, and tries them out. */
@Injectable()
export class EndpointCalls {
  private readonly tests = new Semaphore(MAX_TESTS, FULL);

  constructor(
    @Inject(Lifecycle) private readonly lifecycle: Lifecycle,
    @Inject(EventDispatcher) private readonly dispatcher: EventDispatcher,
  ) {}

  /** Each endpoint, in the order of the configuration. */
  list(): { items: WebhookEndpointMessage[] } {
    const standings = this.dispatcher.standings();
    return {
      items: standings.map(({ endpoint, state, waiting, deadLetters, lastTry }) => ({
        name: endpoint.name,
        origin: new URL(endpoint.url).origin,
        events: [...endpoint.events],
        allowPrivate: endpoint.allowPrivate,
        ...{ state, waiting, deadLetters },
        lastTry: lastTry && { ...lastTry, at: new Date(lastTry.at).toISOString() },
      })),
    };
  }

  /** Sends one event that says nothing, beside all that waits. Refuses where there is no such endpoint, and where too many tests run. */
  async test(name: string): Promise<WebhookTestMessage> {
    const { lifecycle, dispatcher } = this;
    lifecycle.admit();
    const endpoint = dispatcher.endpoint(name);
    if (endpoint === undefined) throw new Refused({ ...unknownEndpoint(name) });
    const giveBack = this.tests.take();
    try {
      const tried = await dispatcher.test(endpoint);
      if (tried === null) throw new Refused({ reason: 'shutting_down', retryAfter: 1_000 });
      return { endpoint: name, ...tried };
    } finally {
      giveBack();
    }
  }
}

/** What a caller is told of an endpoint that the configuration does not have. */
export const unknownEndpoint = (endpoint: string) =>
  ({
    reason: 'unknown_endpoint',
    detail: `the configuration has no endpoint ${endpoint}`,
    members: { endpoint },
  }) as const;

const FULL = { reason: 'queue_full', detail: 'too many tests are under way', retryAfter: 10_000 } as const;
