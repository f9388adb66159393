import { z } from 'zod';
import type { NamedFiles } from './named-files.js';
import { choice, listOf, name, text, unique, whereTyped } from './rules.js';
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
const SECRETS_RULE = `must name a file with 1 to ${MAX_SECRETS} secrets, one a line: ${SECRET_TEXT}`;

/** The keys of an endpoint, each right by itself. */
export const endpointKeys = z.strictObject({
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
  events: listOf(choice(EVENT_TYPES), EVENT_TYPES.length)
    .min(1, { error: 'must have at least 1 entry' })
    .exactOptional()
    .describe('The events that it is told. Left out: all.'),
  allowPrivate: z
    .boolean()
    .exactOptional()
    .describe('Whether its url may lead to this machine or to a private network.'),
});

type EndpointFile = z.infer<typeof endpointKeys>;

/** Where events are told. */
const endpointSchema = endpointKeys
  .refine((endpoint) => !isUrl(endpoint.url) || nameOf(endpoint) !== undefined, {
    path: ['name'],
    error: 'is required: none can be made of the host in the url',
    when: whereTyped('url'),
  })
  .superRefine(refusePrivate, { when: whereTyped('url') });

export const endpointsSchema = listOf(endpointSchema, MAX_ENDPOINTS).check(
  unique('must be unique: another endpoint has it too', nameOf, 'name'),
);

/** An endpoint, complete. */
export type EndpointConfig = {
  readonly name: string;
  readonly url: string;
  /** The first signs first; a receiver may check any of them. */
  readonly secrets: readonly Uint8Array[];
  readonly events: readonly EventType[];
  readonly allowPrivate: boolean;
};

/** An endpoint with what was left out, and with the text of its file. */
export function completeEndpoint(endpoint: EndpointFile, files: NamedFiles, index: number): EndpointConfig {
  const { url, secretFile, events = EVENT_TYPES, allowPrivate = false } = endpoint;
  const at = ['webhooks', 'endpoints', index, 'secretFile'];
  const secrets =
    files.read(secretFile, at, (content) => secretsIn(content, MAX_SECRETS), SECRETS_RULE) ?? [];
  return { name: nameOf(endpoint) ?? '', url, secrets, events: [...new Set(events)], allowPrivate };
}

/** A target is public and called over TLS, unless the endpoint allows others. */
function refusePrivate({ url, allowPrivate }: EndpointFile, context: z.RefinementCtx): void {
  if (allowPrivate === true || !isUrl(url)) return;
  const { protocol, hostname } = new URL(url);
  const isPrivate = isPrivateHost(hostname);
  if (isPrivate || protocol !== 'https:')
    context.addIssue({ code: 'custom', path: ['url'], message: isPrivate ? PRIVATE_RULE : URL_RULE });
}

/** The name of an endpoint. Where it has none: the host of its URL and the port, where one is given, joined by `-`. */
function nameOf({ name: given, url }: EndpointFile): string | undefined {
  if (given !== undefined || !isUrl(url)) return given;
  const made = new URL(url).host.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return name.safeParse(made).success ? made : undefined;
}

function isUrl(value: string): boolean {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return false;
  const { username, password, hash } = new URL(value);
  return username === '' && password === '' && hash === '' && !value.includes('#');
}
