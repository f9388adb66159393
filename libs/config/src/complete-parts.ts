import { z } from 'zod';
import { completeServer, type ServerConfig } from './complete-server.js';
import { completeEndpoint, type EndpointConfig, endpointKeys } from './endpoints-schema.js';
import { completeFleetWebhook, type FleetWebhookConfig, fleetWebhookKeys } from './fleet-webhooks-schema.js';
import type { NamedFiles } from './named-files.js';
import { completePeer, type PeerConfig, peerSchema } from './peer-schema.js';
import { completeRedis, type RedisConfig, redisKeys } from './redis-schema.js';
import { fileServerKeys } from './server-spec.js';

/** A part counts as left out where its keys have faults of their own. */
const ifTyped = <T extends z.ZodType>(part: T) => part.optional().catch(undefined);

/** The parts of a document that name files. */
const partsSchema = z
  .object({
    servers: z.array(ifTyped(fileServerKeys)).catch([]),
    redis: ifTyped(redisKeys),
    peer: ifTyped(peerSchema),
    webhooks: z
      .object({ fleet: ifTyped(fleetWebhookKeys), endpoints: z.array(ifTyped(endpointKeys)).catch([]) })
      .catch({ endpoints: [] }),
  })
  .catch({ servers: [], webhooks: { endpoints: [] } });

/** The parts that name files, complete. */
export type Parts = {
  readonly servers: readonly ServerConfig[];
  readonly redis: RedisConfig | null;
  readonly peer: PeerConfig;
  readonly fleet: FleetWebhookConfig;
  readonly endpoints: readonly EndpointConfig[];
};

/** Completes the parts that name files, also where others have faults: what is wrong with files is told beside these. */
export function completeParts(document: unknown, files: NamedFiles): Parts {
  const { servers, redis, peer = {}, webhooks } = partsSchema.parse(document);
  return {
    servers: servers.flatMap((spec, index) => {
      return spec ? [completeServer(spec.id, 'file', spec, files, ['servers', index])] : [];
    }),
    redis: redis === undefined ? null : completeRedis(redis, files),
    peer: completePeer(peer, files),
    fleet: completeFleetWebhook(webhooks.fleet ?? {}, files),
    endpoints: webhooks.endpoints.flatMap((endpoint, index) => {
      return endpoint ? [completeEndpoint(endpoint, files, index)] : [];
    }),
  };
}
