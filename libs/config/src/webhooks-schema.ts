import { z } from 'zod';
import { completeEndpoints, type EndpointConfig, endpointsSchema } from './endpoints-schema.js';
import type { ServerFiles } from './server-files.js';

/** The calls that other systems and Berth make to each other. */
export const webhooksSchema = z.strictObject({
  endpoints: endpointsSchema.exactOptional().describe('Where Berth tells events.'),
});

/** The section, complete. */
export type WebhooksConfig = { readonly endpoints: readonly EndpointConfig[] };

/** The section with what was left out. */
export function completeWebhooks(
  { endpoints = [] }: z.infer<typeof webhooksSchema>,
  files: ServerFiles,
): WebhooksConfig {
  return { endpoints: completeEndpoints(endpoints, files) };
}
