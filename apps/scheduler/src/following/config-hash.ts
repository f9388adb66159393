import { createHash } from 'node:crypto';
import type { Config } from '#config';

/** The SHA-256 of all that peers have to have alike, in hex. It is told to the leader alone. */
export function configHash(config: Config): string {
  const { fleet, servers, models, defaults, limits, discovery, residency, staleRoutes, webhooks, auth } =
    config;
  const alike = {
    fleet,
    servers,
    models,
    defaults,
    limits,
    discovery,
    residency,
    staleRoutes,
    webhooks,
    auth,
  };
  return createHash('sha256').update(JSON.stringify(alike)).digest('hex');
}
