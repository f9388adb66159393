import { z } from 'zod';
import { get, list } from './as-written.js';
import type { Finding } from './errors.js';
import { choice, name, text } from './rules.js';
import { contentOf, resolved, type ServerFiles } from './server-files.js';
import { isPrivateHost } from './special-addresses.js';
import { SECRET_TEXT, secretsIn } from './webhook-secret.js';

/** The events that Berth tells endpoints. A closed list: an endpoint that asks for another one is a mistake. */
export const EVENT_TYPES = [
  'fleet.pressure',
  'fleet.slack',
  'model.cold_start',
  'model.load_failed',
  'model.evicted',
  'device.overcommitted',
  'server.lost',
  'server.recovered',
  'server.drained',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** Deliveries under way are divided among the endpoints, so that a dead one holds up no other. */
const MAX_ENDPOINTS = 8;

const MAX_SECRETS = 4;
const URL_RULE =
  'must be an https:// URL without user name, password or fragment; http:// only where allowPrivate is true';
const PRIVATE_RULE =
  'must not be an address of this machine or of a private network, unless allowPrivate is true';
const NAME_RULE = 'must be unique: another endpoint has it too';
const LACKS_NAME_RULE = 'is required: none can be made of the host in the url';
const SECRETS_RULE = `must name a file with 1 to ${MAX_SECRETS} secrets, one a line: ${SECRET_TEXT}`;

/** Where events are told. */
const endpointSchema = z.strictObject({
  name: name
    .exactOptional()
    .describe(
      'The name of the endpoint, for the API, logs and metrics. Left out: the host, and the port, of its url.',
    ),
  url: text
    .refine(isUrl, { error: URL_RULE })
    .meta({ description: 'Where events are posted to.', format: 'uri', pattern: '^https?://' }),
  secretFile: text.describe(
    'A file with the secrets that events are signed with, one a line; a relative path begins where this file is.',
  ),
  events: z
    .array(choice(EVENT_TYPES))
    .min(1, { error: 'must have at least 1 entry' })
    .max(EVENT_TYPES.length, { error: `must have at most ${EVENT_TYPES.length} entries` })
    .exactOptional()
    .describe('The events that it is told. Left out: all.'),
  allowPrivate: z
    .boolean()
    .exactOptional()
    .describe('Whether its url may lead to this machine or to a private network.'),
});

export const endpointsSchema = z
  .array(endpointSchema)
  .max(MAX_ENDPOINTS, { error: `must have at most ${MAX_ENDPOINTS} entries` });

/** An endpoint, complete. */
export type EndpointConfig = {
  readonly name: string;
  readonly url: string;
  /** The first signs first; a receiver may check any of them. */
  readonly secrets: readonly Uint8Array[];
  readonly events: readonly EventType[];
  readonly allowPrivate: boolean;
};

type EndpointsFile = z.infer<typeof endpointsSchema>;

/** The endpoints with what was left out. What of the files cannot be read is told by `endpointFindings`. */
export function completeEndpoints(endpoints: EndpointsFile, files: ServerFiles): EndpointConfig[] {
  return endpoints.map(({ name: given, url, secretFile, events = EVENT_TYPES, allowPrivate = false }) => {
    const secrets = secretsIn(contentOf(secretFile, files, [], []) ?? '', MAX_SECRETS) ?? [];
    return { name: given ?? nameOf(url) ?? '', url, secrets, events: [...new Set(events)], allowPrivate };
  });
}

/** The absolute paths of the files that endpoints name. */
export function filesOfEndpoints(file: unknown, folder: string): string[] {
  return endpointsIn(file).flatMap((endpoint) => {
    const secretFile = get(endpoint, 'secretFile');
    return typeof secretFile === 'string' && secretFile !== '' ? [resolved(secretFile, folder)] : [];
  });
}

/** What endpoints must agree on, and what is wrong with their targets and the files that they name. */
export function endpointFindings(file: unknown, files: ServerFiles): Finding[] {
  const names = new Set<string>();
  return endpointsIn(file).flatMap((endpoint, index) => {
    const at = ['webhooks', 'endpoints', index];
    return [
      ...nameFindings(endpoint, at, names),
      ...targetFindings(endpoint, at),
      ...secretFindings(endpoint, at, files),
    ];
  });
}

function nameFindings(endpoint: unknown, at: Finding['at'], names: Set<string>): Finding[] {
  const [given, url] = [get(endpoint, 'name'), get(endpoint, 'url')];
  if (given === undefined && (typeof url !== 'string' || !isUrl(url))) return [];
  const found = given === undefined ? nameOf(String(url)) : given;
  if (found === undefined) return [{ at: [...at, 'name'], rule: LACKS_NAME_RULE }];
  if (typeof found !== 'string') return [];
  const isTaken = names.has(found);
  names.add(found);
  return isTaken ? [{ at: [...at, 'name'], rule: NAME_RULE }] : [];
}

function targetFindings(endpoint: unknown, at: Finding['at']): Finding[] {
  const url = get(endpoint, 'url');
  if (get(endpoint, 'allowPrivate') === true || typeof url !== 'string' || !isUrl(url)) return [];
  const { protocol, hostname } = new URL(url);
  if (isPrivateHost(hostname)) return [{ at: [...at, 'url'], rule: PRIVATE_RULE }];
  return protocol === 'https:' ? [] : [{ at: [...at, 'url'], rule: URL_RULE }];
}

function secretFindings(endpoint: unknown, at: Finding['at'], files: ServerFiles): Finding[] {
  const secretFile = get(endpoint, 'secretFile');
  if (typeof secretFile !== 'string' || secretFile === '') return [];
  const found: Finding[] = [];
  const content = contentOf(secretFile, files, [...at, 'secretFile'], found);
  if (content !== undefined && secretsIn(content, MAX_SECRETS) === undefined)
    found.push({ at: [...at, 'secretFile'], rule: SECRETS_RULE });
  return found;
}

/** The name of an endpoint that has none: the host of its URL and the port, where one is given, joined by `-`. */
function nameOf(url: string): string | undefined {
  const made = new URL(url).host.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return name.safeParse(made).success ? made : undefined;
}

function isUrl(value: string): boolean {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return false;
  const { username, password, hash } = new URL(value);
  return username === '' && password === '' && hash === '' && !value.includes('#');
}

const endpointsIn = (file: unknown): readonly unknown[] => list(get(get(file, 'webhooks'), 'endpoints'));
