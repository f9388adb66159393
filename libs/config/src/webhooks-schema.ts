import { z } from 'zod';
import { type AlertRule, alertRulesSchema, completeAlertRules } from './alert-rules-schema.js';
import { get } from './as-written.js';
import {
  completeEndpoints,
  type EndpointConfig,
  endpointFindings,
  endpointsSchema,
  filesOfEndpoints,
} from './endpoints-schema.js';
import type { Finding } from './errors.js';
import {
  completeFleetWebhook,
  filesOfFleetWebhook,
  fleetWebhookSchema,
  type FleetWebhookConfig,
} from './fleet-webhooks-schema.js';
import { NO_FILES, resolved, type ServerFiles } from './server-files.js';

/** The section `webhooks`: what others tell Berth, and what Berth tells others. */
export const webhooksSchema = z.strictObject({
  fleet: fleetWebhookSchema.exactOptional().describe('What autoscalers tell of servers.'),
  alertmanager: alertRulesSchema
    .exactOptional()
    .describe('What the alerts of Alertmanager do: the first rule that fits an alert holds.'),
  endpoints: endpointsSchema.exactOptional().describe('Where Berth tells events.'),
});

/** The section, complete. */
export type WebhooksConfig = {
  readonly fleet: FleetWebhookConfig;
  readonly alertmanager: readonly AlertRule[];
  readonly endpoints: readonly EndpointConfig[];
};

type WebhooksFile = z.infer<typeof webhooksSchema>;

/** The section with what was left out, and with the files that it names; or why those of `fleet` could not be read. */
export function completeWebhooks(
  { fleet = {}, alertmanager = [], endpoints = [] }: WebhooksFile,
  files: ServerFiles = NO_FILES,
): { readonly webhooks: WebhooksConfig; readonly found: readonly Finding[] } {
  const read = completeFleetWebhook(fleet, files);
  const webhooks = {
    fleet: read.fleet,
    alertmanager: completeAlertRules(alertmanager),
    endpoints: completeEndpoints(endpoints, files),
  };
  return { webhooks, found: under(['webhooks', 'fleet'], read.found) };
}

/** The absolute paths of the files that the section names, as written. */
export function filesOfWebhooks(file: unknown, folder: string): string[] {
  const { fleet = {} } = sectionIn(file);
  const named = filesOfFleetWebhook(fleet).map((name) => resolved(name, folder));
  return [...named, ...filesOfEndpoints(file, folder)];
}

/** What endpoints must agree on, and why files that the section names cannot be used. */
export const webhookFindings = (file: unknown, files: ServerFiles): readonly Finding[] => [
  ...completeWebhooks(sectionIn(file), files).found,
  ...endpointFindings(file, files),
];

/** A section with faults of its own says nothing. */
function sectionIn(file: unknown): WebhooksFile {
  const parsed = webhooksSchema.safeParse(get(file, 'webhooks'));
  return parsed.success ? parsed.data : {};
}

const under = (above: Finding['at'], found: readonly Finding[]): Finding[] =>
  found.map(({ at, rule }) => ({ at: [...above, ...at], rule }));
