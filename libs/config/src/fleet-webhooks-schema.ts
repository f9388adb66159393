import { z } from 'zod';
import { ALLOW_RULE, isAllowRule } from './allowed-hosts.js';
import { reachOf, type TlsConfig } from './complete-server.js';
import type { Finding } from './errors.js';
import { text } from './rules.js';
import { contentOf, fileNamesIn, type ServerFiles } from './server-files.js';
import { serverTlsSchema } from './server-spec.js';
import { SECRET_TEXT, secretsIn } from './webhook-secret.js';

const MAX_SECRETS = 8;
const MAX_ALLOWED = 1_000;
const SECRET_RULE = `must name a file with ${SECRET_TEXT}`;

/** The section `webhooks.fleet`. */
export const fleetWebhookSchema = z.strictObject({
  secretFiles: z
    .array(text)
    .max(MAX_SECRETS, { error: `must have at most ${MAX_SECRETS} entries` })
    .exactOptional()
    .describe('Files with a secret each: a message signed by one of them is admitted.'),
  allow: z
    .array(z.string().refine(isAllowRule, { error: ALLOW_RULE }))
    .max(MAX_ALLOWED, { error: `must have at most ${MAX_ALLOWED} entries` })
    .exactOptional()
    .describe('The addresses at which servers may join.'),
  headersFile: text.exactOptional().describe('A file with the headers for servers that joined.'),
  tls: serverTlsSchema.exactOptional().describe('Set, also as {}: servers that joined are called over TLS.'),
});

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

type FleetWebhookFile = z.infer<typeof fleetWebhookSchema>;

/** The section with what was left out, and with the texts of its files; or why they cannot be used. */
export function completeFleetWebhook(
  { secretFiles = [], allow = [], ...reach }: FleetWebhookFile,
  files: ServerFiles,
): { readonly fleet: FleetWebhookConfig; readonly found: readonly Finding[] } {
  const found: Finding[] = [];
  const secrets = secretFiles.flatMap((name, nth) => {
    const at = ['secretFiles', nth];
    const content = contentOf(name, files, at, found);
    const read = content === undefined ? [] : secretsIn(content, 1);
    if (read === undefined) found.push({ at, rule: SECRET_RULE });
    return read ?? [];
  });
  return { fleet: { secrets, allow, joiners: reachOf(reach, files, found) }, found };
}

/** The names of the files in the section. */
export const filesOfFleetWebhook = ({ secretFiles = [], ...reach }: FleetWebhookFile): string[] => [
  ...secretFiles,
  ...fileNamesIn(reach).map(({ name }) => name),
];
