import { z } from 'zod';
import { type AlertRule, alertRulesSchema } from './alert-rules-schema.js';
import { type EndpointConfig, endpointsSchema } from './endpoints-schema.js';
import { fleetWebhookSchema, type FleetWebhookConfig } from './fleet-webhooks-schema.js';

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
