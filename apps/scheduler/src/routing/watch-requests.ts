import { z } from 'zod';
import { nameSchema } from '#config';
import { MalformedRequest } from '#contracts';
import { MAX_LEASE, type ModelId, type ServerId } from '#core';
import { readRequest } from '../transport/grpc/requests.js';
import { TABLE_GOOD_FOR } from '../cluster/replication/times.js';
import { MAX_AWAITED, MAX_DOUBTED } from '../cluster/replication/route-event.js';

const MAX_NAME = 128;
/** From a gateway: so many it reports at once. A peer reports more, split up. */
export const MAX_USES = 1_000;
const MAX_USES_OF_PEERS = 2_000;

/** 64-bit numbers are handed over as texts. */
const number = (most: number) => {
  const error = `must be a whole number from 0 to ${most}`;
  return z.coerce.number().int({ error }).min(0, { error }).max(most, { error });
};

export const watcher = z
  .string()
  .min(1, { error: 'must not be empty' })
  .max(MAX_NAME, { error: `must have at most ${MAX_NAME} characters` });

export const model = nameSchema.transform((name) => name as ModelId);
export const server = nameSchema.transform((name) => name as ServerId);

/** A message that may be left out. */
const orNull = <Shape extends z.ZodType>(shape: Shape) => shape.nullish().transform((value) => value ?? null);

const version = z.object({
  term: number(Number.MAX_SAFE_INTEGER),
  sequence: number(Number.MAX_SAFE_INTEGER),
});

const watchSchema = z.object({
  watcher,
  have: orNull(version),
  peer: orNull(z.object({ configHash: z.string().max(MAX_NAME) })),
});

const useSchema = (longest: number) =>
  z.object({
    ...{ model, server },
    lastUsedMsAgo: number(Number.MAX_SAFE_INTEGER),
    inUseForMs: number(longest),
    routes: number(2 ** 32 - 1),
  });

const acknowledgement = z.object({
  number: number(Number.MAX_SAFE_INTEGER),
  version: version.nullish().transform((value) => value ?? { term: 0, sequence: 0 }),
  isEnding: z.boolean(),
  awaited: z
    .array(z.object({ watcher, acknowledges: z.boolean() }))
    .max(MAX_AWAITED)
    .default([]),
});

const reportSchema = (mostUses: number, longest: number) =>
  z.object({
    watcher,
    uses: z.array(useSchema(longest)).max(mostUses, { error: `must have at most ${mostUses} entries` }),
    doubted: z.array(server).max(MAX_DOUBTED, { error: `must have at most ${MAX_DOUBTED} entries` }),
    peer: orNull(acknowledgement),
    acknowledged: orNull(version),
  });

const ofGateways = reportSchema(MAX_USES, TABLE_GOOD_FOR);
const ofPeers = reportSchema(MAX_USES_OF_PEERS, MAX_LEASE);

/** Such a call: the name of a watcher, and what it has. */
export type WatchCall = z.infer<typeof watchSchema>;

/** Reads such a call. Refuses one that breaks rules. */
export const readWatch = (request: unknown): WatchCall => readRequest(watchSchema, request);

/** Reads a report. Refuses one that breaks rules: the whole of it. */
export function readReport(request: unknown): z.infer<typeof ofPeers> {
  const isOfPeer = !(request instanceof MalformedRequest) && (request as { peer?: unknown }).peer != null;
  return readRequest(isOfPeer ? ofPeers : ofGateways, request);
}
