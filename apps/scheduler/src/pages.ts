import { z } from 'zod';
import { nameSchema } from '#config';
import { modelSchema, type PageMessage, serverSchema } from '#contracts';
import { invalid } from './errors/refused.js';
import { labelSelectors } from './label-selectors.js';

const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 100;
const TOKEN_RULE = 'must be the nextPageToken of the page before';
const PAGE_RULE = `must be a whole number from 1 to ${MAX_PAGE}`;

/** A number as a query has it, as text, or as gRPC has it. */
const pageSize = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^[0-9]{1,6}$/)
        .transform(Number),
    ],
    { error: PAGE_RULE },
  )
  .refine((size) => Number.isInteger(size) && size >= 1 && size <= MAX_PAGE, { error: PAGE_RULE })
  .default(DEFAULT_PAGE)
  .meta({ type: 'integer', minimum: 1, maximum: MAX_PAGE });

/** A word that is none of the states would pass for a state in which nothing is. */
function oneOf<State extends string>(states: readonly State[]) {
  const rule = `must be one of ${states.join(', ')}`;
  return z.enum(states, { error: rule }).optional().describe('Only items in this state.');
}

/** How a list of servers may be asked for. */
export const serverListSchema = z.strictObject({
  pageSize: pageSize.describe('How many items a page has at most.'),
  pageToken: z
    .string()
    .max(400, { error: TOKEN_RULE })
    .optional()
    .describe('The `nextPageToken` of the page before.'),
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

/** The page of names that comes after a token, from those that pass. Names are told in order. */
export function pageOf<Item>(
  names: Iterable<string>,
  query: Pick<ServerListQuery, 'pageSize' | 'pageToken'>,
  itemOf: (name: string) => Item | undefined,
): PageMessage<Item> {
  const after = query.pageToken ? nameIn(query.pageToken) : '';
  const sorted = [...names].filter((name) => name > after).sort();
  const items: Item[] = [];
  let last = '';
  for (const name of sorted) {
    const item = itemOf(name);
    if (item === undefined) continue;
    if (items.length === query.pageSize) return { items, nextPageToken: tokenOf(last) };
    items.push(item);
    last = name;
  }
  return { items, nextPageToken: '' };
}

const tokenOf = (name: string): string => Buffer.from(name).toString('base64url');

function nameIn(token: string): string {
  const name = Buffer.from(token, 'base64url').toString();
  if (!nameSchema.safeParse(name).success) {
    throw invalid([{ path: 'pageToken', rule: TOKEN_RULE }]);
  }
  return name;
}
