import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { nameSchema } from '#config';
import type { DeadLetterMessage, PageMessage, ReplayedMessage } from '#contracts';
import { CallerGone } from '../../transport/limits/caller-gone.js';
import { invalid, Refused } from '../../transport/errors/refused.js';
import { AROUND_ITEM, PAGE_BYTES, pageKeys, pagesAtATime, TOKEN_RULE } from '../../transport/lists/pages.js';
import { type Caller, checkNoIfMatch } from '../../transport/access/caller.js';
import { type Prepared, type Written, Writes } from '../../admin/idempotency/writes.js';
import { unknownEndpoint } from './endpoint-calls.js';
import { EventDispatcher } from './event-dispatcher.js';

/** The `webhook-id` of an event: its number is in it. */
const ID = /^evt_[0-9a-f]{16}_([1-9][0-9]{0,14})$/;
export const deadLetterId = z
  .string()
  .regex(ID, { error: 'must be the id of a dead letter, as the list tells it' })
  .describe('The `webhook-id` of the event.');

/** How dead letters may be asked for. */
export const deadLetterListSchema = z.strictObject({
  ...pageKeys,
  endpoint: nameSchema.optional().describe('Only those for this endpoint.'),
});

export type DeadLetterListQuery = z.infer<typeof deadLetterListSchema>;
type Found = NonNullable<Awaited<ReturnType<EventDispatcher['letter']>>>;

/** Lists the events that are not sent any more, has them sent again, and drops them. */
@Injectable()
export class DeadLetterCalls {
  private readonly pages = pagesAtATime();

  constructor(
    @Inject(EventDispatcher) private readonly dispatcher: EventDispatcher,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  /** A page of them, the newest first. Throws `queue_full` where too many pages are being read, and `CallerGone`. */
  async page(query: DeadLetterListQuery, signal: AbortSignal): Promise<PageMessage<DeadLetterMessage>> {
    const giveBack = this.pages.take();
    try {
      return await pageOf(this.dispatcher, query, signal);
    } finally {
      giveBack();
    }
  }

  /** Its event is sent again, as soon as its subject has its turn. */
  async replay(id: string, caller: Caller): Promise<Written<ReplayedMessage>> {
    const { dispatcher } = this;
    return this.perform('POST', id, caller, { id }, (found, number) => {
      const { endpoint } = found;
      if (dispatcher.endpoint(endpoint) === undefined) throw new Refused(unknownEndpoint(endpoint));
      if (!dispatcher.hasRoomFor(endpoint)) throw new Refused(NO_ROOM);
      return {
        changes: [{ kind: 'deadLetter', number, orderedAbout: id, value: null }],
        status: 202,
        view: () => ({ id }),
        commit: () => dispatcher.replayed(number, found),
      };
    });
  }

  /** Forgets it for good. */
  async drop(id: string, caller: Caller): Promise<Written<null>> {
    const { dispatcher } = this;
    return this.perform('DELETE', id, caller, null, (_, number) => {
      return {
        changes: [
          { kind: 'event', number, value: null },
          { kind: 'deadLetter', number, orderedAbout: id, value: null },
        ],
        status: 204,
        view: () => null,
        commit: () => dispatcher.dropped(number),
      };
    });
  }

  private async perform<Body>(
    method: 'POST' | 'DELETE',
    id: string,
    caller: Caller,
    present: Body,
    prepare: (found: Found, number: number) => Prepared<Body>,
  ): Promise<Written<Body>> {
    const { dispatcher, writes } = this;
    const number = Number(ID.exec(id)?.[1]);
    const found = await dispatcher.letter(number);
    const path = `/v1/webhooks/dead-letters/${id}${method === 'POST' ? '/replay' : ''}`;
    return writes.perform({ method, path, body: null, caller, present: () => present }, () => {
      checkNoIfMatch(caller);
      if (found?.id !== id || !dispatcher.deadLetters.has(number)) throw new Refused(unknown(id));
      return prepare(found, number);
    });
  }
}

async function pageOf(
  dispatcher: EventDispatcher,
  { endpoint, pageSize, pageToken }: DeadLetterListQuery,
  signal: AbortSignal,
): Promise<PageMessage<DeadLetterMessage>> {
  const items: DeadLetterMessage[] = [];
  let [bytes, last] = [0, 0];
  for (const number of dispatcher.deadLetters.numbers(pageToken ? numberIn(pageToken) : Infinity, endpoint)) {
    if (signal.aborted) throw new CallerGone();
    const found = await dispatcher.letter(number);
    if (found === undefined) continue;
    const item = messageOf(found);
    bytes += Buffer.byteLength(JSON.stringify(item)) + AROUND_ITEM;
    if (items.length === pageSize || (items.length > 0 && bytes > PAGE_BYTES)) {
      return { items, nextPageToken: tokenOf(last) };
    }
    items.push(item);
    last = number;
  }
  return { items, nextPageToken: '' };
}

function messageOf({ id, endpoint, type, at, data, cause, deadSince, attempts }: Found): DeadLetterMessage {
  return { id, endpoint, type, at, data, cause, deadSince, attempts };
}

/** A token has the number of the last letter of its page: the next page begins below. */
const tokenOf = (number: number): string => Buffer.from(String(number)).toString('base64url');

function numberIn(token: string): number {
  const text = Buffer.from(token, 'base64url').toString();
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw invalid([{ path: 'pageToken', rule: TOKEN_RULE }]);
}

const NO_ROOM = {
  reason: 'queue_full',
  detail: 'as many events wait for the endpoint as may',
  retryAfter: 60_000,
} as const;

const unknown = (id: string) =>
  ({ reason: 'unknown_dead_letter', detail: `there is no dead letter ${id}`, members: { id } }) as const;
