import { z } from 'zod';
import { deviceSchema, hostMemorySchema } from './device.js';
import { durableSchema } from './messages.js';

const time = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC.' });
const count = z.int().min(0);

const awaitedSchema = z.strictObject({
  watcher: z.string().describe('The name of a Berth, or what a gateway calls itself.'),
  kind: z.enum(['peer', 'gateway']),
  berth: z.string().describe('The Berth that a gateway watches; else the watcher itself.'),
  acknowledges: z
    .boolean()
    .describe('False: nothing is heard of it, and it is waited for until its table is not good any more.'),
  copies: count.describe('How many copies wait for that Berth and its gateways.'),
  since: time.describe('Since when the first of these copies does.'),
});

/** The whole picture as it is told. */
export const fleetSchema = z.strictObject({
  durable: durableSchema,
  fleet: z.string(),
  leader: z.strictObject({ id: z.string(), term: z.string() }),
  frozen: z
    .strictObject({ reason: z.string(), since: time, by: z.string().nullable().optional() })
    .nullable()
    .describe('Routes go on, and no load or unload is ordered.'),
  devices: z.array(z.strictObject({ server: z.string(), ...deviceSchema.shape })),
  hosts: z.array(hostMemorySchema).describe('The memory of each host, where it is enforced.'),
  replicas: z.record(z.string(), count),
  waiting: count,
  loadsInFlight: count,
  unloadsWaitFor: z
    .array(awaitedSchema)
    .optional()
    .describe(
      'Who has not acknowledged yet that copies which are to be unloaded are routed to no more. Of one Berth 20 gateways at most. Absent where Berth is older than this field.',
    ),
});

export type FleetMessage = z.infer<typeof fleetSchema>;
