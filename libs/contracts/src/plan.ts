import { z } from 'zod';
import { lines, verdictSchema } from './explanation.js';
import { modelSchema, serverSchema } from './messages.js';

const count = z.int().min(0);
const server = z.string();
const model = z.string();
const leftOut = count.describe('How many more there are.');

const standing = z.strictObject({ state: modelSchema.shape.state, readyCopies: count });

const memory = z.strictObject({
  state: serverSchema.shape.state.describe('How its server stands.'),
  capacityMb: count,
  heldMb: count,
  promisedMb: count,
  freeMb: count,
});

/** What would come of what is supposed. Times are counted from now on. */
export const planSchema = z.strictObject({
  end: z.enum(['at_rest', 'time', 'turns']).describe('Whether all came to rest, or what was over before.'),
  turns: count,
  tookMs: count.describe('How much time is planned for until then.'),
  frozen: z.boolean().describe('Whether the fleet is frozen: then nothing would be ordered.'),
  orders: z
    .array(
      z.strictObject({
        kind: z.enum(['load', 'unload']),
        afterMs: count,
        ...{ model, server },
        devices: z.array(count),
        memoryMb: count.describe('What it books where it books most.'),
        wantedBy: z.enum(['pin', 'drain', 'request', 'wish', 'dependency', 'copies']).nullable(),
        readyAfterMs: count.nullable().describe('When a load should have ended.'),
        reason: z.string().nullable().describe('Why something is unloaded.'),
        for: model.nullable().describe('The model that an unload makes room for.'),
      }),
    )
    .describe('In the order in which they would be given.'),
  ordersLeftOut: leftOut,
  answers: z
    .array(
      z.strictObject({
        model,
        afterMs: count,
        server: server.nullable().describe('Where the route leads; null: refused.'),
        refusal: z
          .strictObject({
            reason: z.string(),
            detail: z.string().nullable(),
            retryAfterMs: count.nullable(),
          })
          .nullable(),
      }),
    )
    .describe('What the supposed requests would be told.'),
  answersLeftOut: leftOut,
  lacking: z
    .array(
      z.strictObject({
        model,
        pinnedCopies: count,
        readyCopies: count,
        before: z.boolean().describe('Whether it lacks a copy now already.'),
        servers: z.array(
          z.strictObject({
            server,
            state: serverSchema.shape.state,
            verdict: verdictSchema,
            shortMb: count.nullable(),
          }),
        ),
        serversLeftOut: leftOut,
      }),
    )
    .describe('Models of which more would be wanted than there would be in the end, and why.'),
  lackingLeftOut: leftOut,
  models: z
    .array(z.strictObject({ model, before: standing, after: standing }))
    .describe('Models that would be otherwise.'),
  modelsLeftOut: leftOut,
  pins: z.strictObject({
    fit: z
      .boolean()
      .describe('Whether every pin has a place, on the servers that stay, beside those that stand.'),
    unplaced: z.array(
      z.strictObject({ model, copies: count, needsMb: count, inTheWay: z.string().nullable() }),
    ),
  }),
  devices: z.array(
    z.strictObject({ server, ordinal: count, kind: z.enum(['gpu', 'cpu']), before: memory, after: memory }),
  ),
  devicesLeftOut: leftOut,
  lines,
});

export type PlanMessage = z.infer<typeof planSchema>;
