import { z } from 'zod';

const count = z.int().min(0);

export const removalSchema = z.strictObject({
  server: z.string(),
  costMs: count.describe('The predicted time of the loads that would be needed elsewhere.'),
  reason: z
    .enum(['lost', 'drained', 'unused', 'draining', 'warm', 'in_use', 'pinned', 'no_room'])
    .describe(
      'What is on it: nothing that is needed (`lost`, `drained`, `unused`); models that would have to be loaded elsewhere (`warm`; `in_use` where any is leased, `pinned` where any is pinned); or more than the other servers can hold (`no_room`).',
    ),
  models: count.describe('How many models would have to be loaded elsewhere.'),
  memoryMb: count.describe('What these take.'),
});

/** What an autoscaler goes by, as it is told. */
export const scalingSchema = z
  .strictObject({
    serversWanted: count.describe('The largest number that was wanted within the last hour.'),
    serversWantedNow: count.describe('What is wanted at this moment alone.'),
    serversPresent: count.describe('Servers that are reached and do not drain.'),
    wantedMb: count.describe('What all models take that are needed.'),
    queuedMb: count.describe('The part of `wantedMb` that requests wait for.'),
    heldMb: count.describe('What loaded copies take.'),
    capacityMb: count.describe('What the present servers can hold.'),
    requestsWaiting: count,
    loadSlotsTaken: count,
    loadSlots: count,
    removal: z.array(removalSchema).describe('Each server, the one that costs least to remove first.'),
  })
  .describe('Memory is that of GPUs, in MiB; in a fleet without any GPU it is that of the hosts.');

export type ScalingMessage = z.infer<typeof scalingSchema>;
