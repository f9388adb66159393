import { isDeepStrictEqual } from 'node:util';
import type { Config } from './read-config.js';

const AT_START_ONLY = [
  'fleet',
  'http',
  'grpc',
  'tls',
  'names',
  'data',
  'connections',
  'residency',
  'staleRoutes',
  'redis',
  'peer',
  'recorder',
] as const;

/** The keys that changed and are taken up only by a restart; all others can change while the service runs. */
export function restartKeys(before: Config, after: Config): readonly string[] {
  return AT_START_ONLY.filter((key) => !isDeepStrictEqual(before[key], after[key]));
}
