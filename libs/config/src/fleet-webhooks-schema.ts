import { z } from 'zod';
import { ALLOW_RULE, isAllowRule } from './allowed-hosts.js';
import { reachOf, type TlsConfig } from './complete-server.js';
import type { NamedFiles } from './named-files.js';
import { listOf, text } from './rules.js';
import { certWithKey, serverTlsSchema } from './server-spec.js';
import { SECRET_TEXT, secretsIn } from './webhook-secret.js';

const MAX_SECRETS = 8;
const MAX_ALLOWED = 1_000;
const SECRET_RULE = `must name a file with ${SECRET_TEXT}`;

/** The keys of the section `webhooks.fleet`, each right by itself. */
export const fleetWebhookKeys = z.strictObject({
  secretFiles: listOf(text, MAX_SECRETS)
    .exactOptional()
    .describe('Files with a secret each: a message signed by one of them is admitted.'),
  allow: listOf(z.string().refine(isAllowRule, { error: ALLOW_RULE }), MAX_ALLOWED)
    .exactOptional()
    .describe('The addresses at which servers may join.'),
  headersFile: text.exactOptional().describe('A file with the headers for servers that joined.'),
  tls: serverTlsSchema.exactOptional().describe('Set, also as {}: servers that joined are called over TLS.'),
});

/** The section `webhooks.fleet`. */
export const fleetWebhookSchema = fleetWebhookKeys.check(certWithKey);

/** The section, complete. */
export type FleetWebhookConfig = {
  /** A message may be signed by any of them. */
  readonly secrets: readonly Uint8Array[];
  readonly allow: readonly string[];
  /** How servers are called that joined by a webhook. */
  readonly joiners: Joiners;
};

/** How servers are called that joined by a webhook. */
type Joiners = {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsConfig | null;
};

/** The section with what was left out, and with the texts of its files. */
export function completeFleetWebhook(
  { secretFiles = [], allow = [], ...reach }: z.infer<typeof fleetWebhookKeys>,
  files: NamedFiles,
): FleetWebhookConfig {
  const at = ['webhooks', 'fleet'];
  const secretIn = (content: string) => secretsIn(content, 1);
  const secrets = secretFiles.flatMap((name, nth) => {
    return files.read(name, [...at, 'secretFiles', nth], secretIn, SECRET_RULE) ?? [];
  });
  return { secrets, allow, joiners: reachOf(reach, files, at) };
}
