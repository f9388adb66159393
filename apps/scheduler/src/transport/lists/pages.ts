import { z } from 'zod';
import { nameSchema } from '#config';
import { modelSchema, type PageMessage, serverSchema } from '#contracts';
import { invalid } from '../errors/refused.js';
import { queryNumber } from '../http/query-number.js';
import { labelSelectors } from './label-selectors.js';
import { Semaphore } from '../limits/semaphore.js';
import type { Steps } from './time-slicer.js';

const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 100;
export const TOKEN_RULE = 'must be the nextPageToken of the page before';

/** Bound of pages that are read from the store at a time. */
const MAX_READ = 8;
const FULL = { reason: 'queue_full', detail: 'too many pages are being read', retryAfter: 1_000 } as const;

/** Places for pages of such a list. */
export const pagesAtATime = (): Semaphore => new Semaphore(MAX_READ, FULL);

/** A word that is none of the states would pass for a state in which nothing is. */
function oneOf<State extends string>(states: readonly State[]) {
  const rule = `must be one of ${states.join(', ')}`;
  return z.enum(states, { error: rule }).optional().describe('Only items in this state.');
}

/** How a page of any list may be asked for. */
export const pageKeys = {
  pageSize: queryNumber(1, MAX_PAGE)
    .default(DEFAULT_PAGE)
    .describe('How many items a page has at most. It has fewer where it would come to 4 MiB.'),
  pageToken: z
    .string()
    .max(400, { error: TOKEN_RULE })
    .optional()
    .describe('The `nextPageToken` of the page before.'),
};

/** How a list of servers may be asked for. */
export const serverListSchema = z.strictObject({
  ...pageKeys,
  state: oneOf(serverSchema.shape.state.options),
  server: nameSchema.optional().describe('Only this server.'),
  label: labelSelectors,
});

/** How a list of models may be asked for. */
export const modelListSchema = serverListSchema.extend({
  state: oneOf(modelSchema.shape.state.options),
  server: nameSchema.optional().describe('Only models with a copy on this server.'),
});

export type ServerListQuery = z.infer<typeof serverListSchema>;
export type ModelListQuery = z.infer<typeof modelListSchema>;

/** Clients over gRPC take 4 MiB by default. An item has a few bytes around it, and so has the page. */
export const PAGE_BYTES = 4 * 2 ** 20 - 64 * 2 ** 10;
export const AROUND_ITEM = 8;

/** What a page is made of. */
interface Listed<Item, Told> {
  readonly names: () => Iterable<string>;
  /** How an item of that name is now; undefined where it does not pass. Asked for anew after each pause. */
  readonly view: () => (name: string) => Item | undefined;
  /** Writes an item as it is sent. */
  readonly tell: (item: Item) => Told;
}

/**
 * The page of names that comes after a token, from those that pass. Names are told in order. A page ends where the next item
 * would make it too long for a message, whatever its size may be.
 */
export function* pageOf<Item, Told extends string | Uint8Array>(
  query: Pick<ServerListQuery, 'pageSize' | 'pageToken'>,
  { names, view, tell }: Listed<Item, Told>,
): Steps<PageMessage<Told>> {
  const after = query.pageToken ? nameIn(query.pageToken) : '';
  const sorted = [...names()].filter((name) => name > after).sort();
  const items: Told[] = [];
  let [itemOf, last, bytes] = [view(), '', 0];
  for (const name of sorted) {
    if (yield) itemOf = view();
    const item = itemOf(name);
    if (item === undefined) continue;
    if (items.length === query.pageSize) return { items, nextPageToken: tokenOf(last) };
    const told = tell(item);
    bytes += Buffer.byteLength(told) + AROUND_ITEM;
    if (items.length > 0 && bytes > PAGE_BYTES) return { items, nextPageToken: tokenOf(last) };
    items.push(told);
    last = name;
  }
  return { items, nextPageToken: '' };
}

export const PAGE_TYPE = 'application/json; charset=utf-8';

/** A page as JSON, of items that are JSON already. */
export const pageText = ({ items, nextPageToken }: PageMessage<string>): string =>
  `{"items":[${items.join(',')}],"nextPageToken":${JSON.stringify(nextPageToken)}}`;

const tokenOf = (name: string): string => Buffer.from(name).toString('base64url');

function nameIn(token: string): string {
  const name = Buffer.from(token, 'base64url').toString();
  if (!nameSchema.safeParse(name).success) {
    throw invalid([{ path: 'pageToken', rule: TOKEN_RULE }]);
  }
  return name;
}
