import { z } from 'zod';
import { closedSchema } from './device.js';
import { failuresSchema, modelSchema } from './messages.js';

export const lines = z.array(z.string()).describe('All of it in words, for people: 1,000 lines at most.');
const time = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC.' });
const count = z.int().min(0);
const server = z.string();
const model = z.string();

/** What comes of asking for a copy on a server or a device now. */
export const verdictSchema = z.enum([
  'holds',
  'room',
  'room_by_eviction',
  'swaps_spent',
  'kept_for_pin',
  'no_room',
  'incomplete',
  'cooling_down',
  'closed',
  'frozen',
  'quarantined',
  'unseen',
  'not_in_repository',
  'labels',
  'too_small',
  'needs_config',
  'no_device_set',
  'disabled',
]);

const hold = z.strictObject({
  reason: z
    .enum([
      'pinned',
      'stranger',
      'outlived',
      'residency',
      'in_use',
      'queued',
      'awaited',
      'needed',
      'outranks',
      'kept_warm',
      'phase',
    ])
    .describe('Why it does not leave for another.'),
  until: time.nullable().describe('When that ends by itself; null: not by time alone.'),
  by: z.array(model).describe('The models that need it.'),
  detail: z.string().nullable().describe('Its phase where it is not ready, its class where that is higher.'),
});

const victim = z.strictObject({
  ...{ model, server },
  phase: z.enum(['placed', 'loading', 'ready', 'draining', 'unloading', 'unknown']),
  memoryMb: count.describe('What it holds of this memory.'),
  chosen: z.boolean().describe('Whether it is of those that would leave for the model.'),
  holds: z.array(hold).describe('All that keeps it; empty: it may leave.'),
});

const memory = {
  needsMb: count.nullable().describe('What would be booked; null where nothing can be.'),
  capacityMb: count.nullable().describe('Less what is foreign and residue; null: not limited.'),
  heldMb: count,
  promisedMb: count,
  leavingMb: count.describe('What of the held is leaving.'),
  freeMb: count.nullable(),
  shortMb: count.describe('What is lacking once all that leaves has left.'),
  foreignMb: count.nullable(),
  residueMb: count,
  victims: z.array(victim).describe('The copies that hold it, where it is short; the largest first.'),
  victimsLeftOut: count,
};

const until = time.nullable().describe('When time alone ends the verdict; null: it does not.');
const cooldown = z.strictObject({
  until: time
    .nullable()
    .describe('When the next load may start; null: when a load of it or of another has its turn.'),
  cause: z.string(),
  by: z
    .enum(['back_off', 'breaker', 'half_open', 'last_slot'])
    .describe(
      'What keeps it away: its back-off there, or anywhere; a load that is to show; the last slot is for others.',
    ),
});

/** Why a model is where it is, or nowhere. */
export const explanationSchema = z.strictObject({
  model,
  source: modelSchema.shape.source,
  enabled: z.boolean(),
  state: modelSchema.shape.state,
  pinnedCopies: count,
  presentCopies: count.describe('Copies that are there or on their way, on servers that stay.'),
  waiting: count.describe('Requests that wait for it.'),
  lackingSince: time.nullable().describe('Since when more copies of it have been wanted than there are.'),
  orderedUntil: time.nullable().describe('How long an order to load it, or an unanswered wish, holds.'),
  progress: z
    .strictObject({
      phase: z.enum(['waiting', 'placed', 'loading']),
      etaMs: count
        .nullable()
        .describe('When it should be ready; null: there is no telling, or not before a freeze ends.'),
      position: count,
    })
    .nullable()
    .describe('How far the load that is wanted has come.'),
  predictedWaitMs: count
    .nullable()
    .describe('How long a request that came now would wait; null: it is refused, or there is no telling.'),
  refusal: z
    .string()
    .nullable()
    .describe('Why a request that came now would be refused at once; null: it is not.'),
  copies: z.array(
    z.strictObject({
      server,
      devices: z.array(count),
      phase: victim.shape.phase,
      since: time,
      until: time.nullable().describe('When the phase ends by itself at the latest.'),
      memoryMb: count.describe('What it books where it books most.'),
      flags: z.array(z.string()),
      holds: z.array(hold),
      leaving: z.strictObject({ reason: z.string().nullable(), for: model.nullable() }).nullable(),
      failures: failuresSchema,
    }),
  ),
  servers: z.array(
    z.strictObject({
      server,
      state: z.string(),
      verdict: verdictSchema,
      until,
      cooldown: cooldown.nullable(),
      host: z.strictObject(memory).nullable().describe('Null where the memory of its host is not limited.'),
      flags: z.array(z.string()).describe('What is odd about its process, as in a server.'),
    }),
  ),
  devices: z.array(
    z.strictObject({
      server,
      ordinal: count,
      kind: z.enum(['gpu', 'cpu']),
      verdict: verdictSchema,
      until,
      together: z.array(count).describe('The devices it would be loaded onto together, this one included.'),
      brings: z.array(model).describe('What else would come along.'),
      flags: z.array(z.string()).describe('As in a server: what is odd about it.'),
      closed: closedSchema.nullable(),
      ...memory,
    }),
  ),
  lastFailure: modelSchema.shape.lastFailure,
  nextTryAt: modelSchema.shape.nextTryAt,
  lastUnload: modelSchema.shape.lastUnload,
  lines,
});

export type ExplanationMessage = z.infer<typeof explanationSchema>;
export type VictimMessage = z.infer<typeof victim>;
export type HoldMessage = z.infer<typeof hold>;
