import { z } from 'zod';
import { durableSchema } from './messages.js';

const time = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC.' });
const count = z.int().min(0);

const resultSchema = z
  .enum(['delivered', 'rejected', 'redirected', 'gone', 'timed_out', 'unreachable', 'blocked'])
  .describe('How a try to deliver ended.');
const statusSchema = z.int().nullable().describe('The HTTP status of the answer; null where there was none.');

/** An endpoint that is told events, as it is told itself. */
export const webhookEndpointSchema = z.strictObject({
  name: z.string(),
  origin: z.string().describe('Where events are posted to, without the path, which may hold a secret.'),
  events: z.array(z.string()).describe('The events that it is told.'),
  allowPrivate: z.boolean(),
  state: z
    .enum(['steady', 'failing', 'gone'])
    .describe(
      '`failing`: it failed five times in a row, and is sent one event at a time. `gone`: it answered 410, and is sent nothing.',
    ),
  waiting: count.describe('Events that wait for it.'),
  deadLetters: count,
  lastTry: z
    .strictObject({ at: time, result: resultSchema, status: statusSchema })
    .nullable()
    .describe('The latest try to deliver an event; null before the first.'),
});

/** All of them. */
export const webhookEndpointsSchema = z.strictObject({ items: z.array(webhookEndpointSchema) });

/** How an endpoint answered to `webhook.test`. */
export const webhookTestSchema = z.strictObject({
  endpoint: z.string(),
  id: z.string().describe('The `webhook-id` that was sent.'),
  result: resultSchema,
  status: statusSchema,
  tookMs: count,
});

/** An event that is not sent any more. */
export const deadLetterSchema = z.strictObject({
  id: z.string().describe('Its `webhook-id`.'),
  endpoint: z.string(),
  type: z.string(),
  at: time,
  data: z.record(z.string(), z.unknown()),
  cause: z
    .enum(['exhausted', 'gone', 'overflow', 'withdrawn'])
    .describe(
      '`exhausted`: all tries failed. `gone`: the endpoint answered 410. `overflow`: more than 10,000 waited. `withdrawn`: the configuration has no such endpoint any more.',
    ),
  deadSince: time,
  attempts: count.describe('How often it was sent in this life of Berth.'),
});

/** What a replay is answered with. */
export const replayedSchema = z.strictObject({
  durable: durableSchema,
  id: z.string().describe('The `webhook-id` that is sent again.'),
});

export type WebhookEndpointMessage = z.infer<typeof webhookEndpointSchema>;
export type WebhookTestMessage = z.infer<typeof webhookTestSchema>;
export type DeadLetterMessage = z.infer<typeof deadLetterSchema>;
export type ReplayedMessage = z.infer<typeof replayedSchema>;
