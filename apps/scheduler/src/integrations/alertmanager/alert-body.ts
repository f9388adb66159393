import { z } from 'zod';

const VERSION_RULE = 'must be "4", the only version of the payload that is understood';
const STATUS_RULE = 'must be firing or resolved';
const START_RULE = 'must be a time of RFC 3339 like 2026-01-31T12:00:00Z';
const FINGERPRINT_RULE = 'must be a fingerprint: 1 to 64 letters and digits';
const TRUNCATED_RULE = 'must be a whole number, 0 or more';

/** None of them is reached within a body of 1 MiB, but by alerts that say next to nothing. */
const MAX_ALERTS = 10_000;
const MAX_LABEL_LENGTH = 2 ** 20;
const MAX_TRUNCATED = 2 ** 31;

const labelText = z.string().max(MAX_LABEL_LENGTH);

/** What is read of an alert. `endsAt` says nothing: while it fires it is of the year 1. */
const alertSchema = z.object({
  status: z.enum(['firing', 'resolved'], { error: STATUS_RULE }).describe('Whether it still fires.'),
  labels: z.record(labelText, labelText).describe('Its labels, by which rules find it.'),
  startsAt: z.iso
    .datetime({ offset: true, error: START_RULE })
    .max(64, { error: START_RULE })
    .describe('When it began to fire.'),
  fingerprint: z
    .string()
    .regex(/^[A-Za-z0-9]{1,64}$/, { error: FINGERPRINT_RULE })
    .describe('What tells it from others.'),
});

/** What is read of the body that Alertmanager posts. It has more keys, and later versions of Alertmanager may add some. */
export const alertBodySchema = z.object({
  version: z.literal('4', { error: VERSION_RULE }).describe('The version of this payload.'),
  truncatedAlerts: z
    .number({ error: TRUNCATED_RULE })
    .int({ error: TRUNCATED_RULE })
    .min(0, { error: TRUNCATED_RULE })
    .max(MAX_TRUNCATED, { error: TRUNCATED_RULE })
    .optional()
    .describe('How many alerts of the group were left out.'),
  alerts: z
    .array(alertSchema)
    .max(MAX_ALERTS, { error: `must have at most ${MAX_ALERTS} entries` })
    .describe('The alerts of the group.'),
});

export type Alert = z.infer<typeof alertSchema>;
export type AlertBody = z.infer<typeof alertBodySchema>;
