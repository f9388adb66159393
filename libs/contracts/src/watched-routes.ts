import { z } from 'zod';
import { routeSchema, routeServerSchema } from './messages.js';

const count = z.int().min(0);
const { routeVersion } = routeSchema.shape;

const rowSchema = z.strictObject({
  model: z.string(),
  server: z.string(),
  versions: z.array(z.string()).describe('The newest comes last: the one of a request that names none.'),
  devices: z.array(count).describe('Ordinals of the devices that hold a copy.'),
  isFailing: z.boolean().describe('Only failures are seen there: other copies are preferred.'),
  isEnding: z.boolean().describe('Its server drains with a deadline: other copies are preferred.'),
  leasesEndInMs: count.nullable().describe('How long leases on it may last yet; null: no drain cuts them.'),
});

/** The copies that may be routed to, all at once. */
export const routeTableSchema = z.strictObject({
  routeVersion,
  servers: z.array(routeServerSchema),
  routes: z.array(rowSchema),
});

/** `berth.v1.RouteEvent`: what watchers of routes are told at one time. */
export const routeEventSchema = z.strictObject({
  number: count,
  version: routeVersion.describe('Of the table once this event is taken up.'),
  beat: z.strictObject({
    renewedAgoMs: count.describe('How long ago the leader last renewed its lease, at most.'),
    isEnding: z.boolean().describe('The leader is about to let go.'),
  }),
  resets: z
    .boolean()
    .describe('The table begins anew: what is not told from here to the next event without hasMore is gone.'),
  hasMore: z.boolean().describe('More events belong to this one. Only an event without it has an id.'),
  servers: z.array(z.strictObject({ server: routeServerSchema, isObserved: z.boolean() })),
  serversGone: z.array(z.string()),
  rows: z.array(rowSchema),
  gone: z.array(z.strictObject({ model: z.string(), server: z.string() })),
});
