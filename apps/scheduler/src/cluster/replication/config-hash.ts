import { createHash } from 'node:crypto';
import type { Config } from '#config';

/** What peers have to have alike. */
const ALIKE = [
  ...(['fleet', 'servers', 'models', 'defaults', 'limits', 'discovery'] as const),
  ...(['residency', 'staleRoutes', 'webhooks', 'auth'] as const),
];

/** The SHA-256 of all that peers have to have alike, in hex. It is told to the leader alone. */
export function configHash(config: Config): string {
  const alike = ALIKE.map((key) => config[key]);
  return createHash('sha256').update(JSON.stringify(alike)).digest('hex');
}
