import { isDeepStrictEqual } from 'node:util';
import { completeServer, parseAddress, type ServerConfig, type ServerSpec } from '#config';
import type { DeclaredServer } from '#engine';
import { type BrokenRule, invalid, Refused } from '../../transport/errors/refused.js';
import type { Registry, ServerEntry } from '../../admin/servers/registry.js';
import { brokenTogether } from '../../admin/servers/server-writes.js';
import { hasLabels } from '../../transport/lists/label-selectors.js';
import type { FleetMessage, Subject } from './fleet-message.js';

/** One message is about so many servers at most: each is a row of the store, and a record of the audit. */
const MAX_SERVERS = 1_000;
/** No server joins beyond so many. */
const MAX_DECLARED = 10_000;
/** A timestamp may be so far ahead of our clock, in milliseconds. */
const AHEAD_MS = 300_000;

/** What is told of a server from now on; null: nothing, it is forgotten. Undefined: nothing changes. */
export interface ServerChange {
  readonly id: string;
  readonly next: DeclaredServer | null | undefined;
}

/**
 * What becomes of the servers that a message is about, but those of which a message with a later timestamp has told already.
 * `now` is in milliseconds since 1970. Refuses what cannot be done.
 */
export function changesOf(registry: Registry, message: Said, now: number): ServerChange[] {
  const { subject } = message;
  checkTime(message, now);
  if (message.type === 'server.joined' && 'server' in subject)
    return isOutdated(registry.get(subject.server), message)
      ? []
      : [dated(registry, joined(registry, subject.server, message.spec), message)];
  const entries = entriesOf(registry, subject).filter((entry) => !isOutdated(entry, message));
  if (entries.length === 0) return [];
  const endOf = ends(message, now);
  return entries.map((entry) => dated(registry, { id: entry.id, next: endOf(entry) }, message));
}

function isOutdated(entry: ServerEntry | undefined, { at }: FleetMessage): boolean {
  const saidAt = entry?.told?.saidAt;
  return at !== null && saidAt !== undefined && at < Date.parse(saidAt);
}

/** The timestamp is kept with what is told of the server, also where the message changes nothing else. */
function dated(registry: Registry, { id, next }: ServerChange, { at }: FleetMessage): ServerChange {
  const told = registry.toldOf(id);
  const saidAt = at === null ? undefined : new Date(at).toISOString();
  if (next === null || (next === undefined && told?.saidAt === saidAt)) return { id, next };
  const present = { spec: null, drain: null, ...told, revision: registry.revisionOf(id) + 1 };
  const { saidAt: _, ...others }: DeclaredServer = next ?? present;
  return { id, next: { ...others, ...(saidAt !== undefined && { saidAt }) } };
}

type Said = FleetMessage & { readonly credential: string };

/** What a message makes of a server that is known. */
function ends(message: Said, now: number): (entry: ServerEntry) => ServerChange['next'] {
  switch (message.type) {
    case 'server.joined':
      return (entry) => withEnd(entry, undefined);
    case 'server.leaving': {
      const deadline = deadlineOf(message, now);
      const first = { since: new Date(now).toISOString(), by: message.credential };
      return (entry) => {
        const before = entry.told?.end;
        if (before?.said === 'left') return undefined;
        // What was carried out is over with the next process: what is said of that one begins anew.
        const { isCarriedOut: _, ...kept } = before ?? {};
        return withEnd(entry, { ...first, ...kept, said: 'leaving', deadline });
      };
    }
    case 'server.left':
      return (entry) => (isOurs(entry) ? null : withEnd(entry, { said: 'left' }));
  }
}

/** Whether a webhook alone declared it: then webhooks may change and forget it. */
const isOurs = ({ told, inFile }: ServerEntry): boolean => told?.joined === true && !inFile;

function withEnd(entry: ServerEntry, end: DeclaredServer['end']): DeclaredServer | undefined {
  if (isDeepStrictEqual(entry.told?.end, end)) return undefined;
  const { end: _, ...told } = entry.told ?? { spec: null, drain: null };
  return { ...told, revision: entry.revision + 1, ...(end && { end }) };
}

function checkTime({ at }: FleetMessage, now: number): void {
  if (at !== null && at > now + AHEAD_MS)
    throw broken('timestamp', 'must be at most 300 s ahead of our clock');
}

function deadlineOf(
  { at, deadlineMs }: Extract<FleetMessage, { readonly type: 'server.leaving' }>,
  now: number,
): string | null {
  if (deadlineMs === null) return null;
  const deadline = (at ?? now) + deadlineMs;
  if (deadline <= now) throw broken('data.deadlineMs', 'must not be over: counted from timestamp it is');
  return new Date(deadline).toISOString();
}

function entriesOf(registry: Registry, subject: Subject): ServerEntry[] {
  const { path, entries } = found(registry, subject);
  if (entries.length === 0) throw unknownServer(path);
  if (entries.length > MAX_SERVERS) throw broken(path, `must fit at most ${MAX_SERVERS} servers`);
  return entries;
}

function found(registry: Registry, subject: Subject): { path: string; entries: ServerEntry[] } {
  if ('server' in subject) {
    const entry = registry.get(subject.server);
    return { path: 'data.server', entries: entry ? [entry] : [] };
  }
  const all = registry.all();
  if ('host' in subject)
    return { path: 'data.host', entries: all.filter(({ config }) => config.host === subject.host) };
  const { selector } = subject;
  return {
    path: 'data.selector',
    entries: all.filter(({ config }) => hasLabels(config.labels, selector)),
  };
}

/** A server that joins: it is there again, or it is declared. */
function joined(registry: Registry, id: string, spec: Partial<ServerSpec>): ServerChange {
  const entry = registry.get(id);
  if (entry === undefined || (isOurs(entry) && Object.keys(spec).length > 0))
    return declared(registry, id, entry, spec);
  checkAgrees(entry, spec);
  return { id, next: withEnd(entry, undefined) };
}

function declared(
  registry: Registry,
  id: string,
  before: ServerEntry | undefined,
  { grpc, ...more }: Partial<ServerSpec>,
): ServerChange {
  if (grpc === undefined) throw broken('data.grpc', 'is required where a server is declared');
  const spec = { grpc, ...more };
  const { told } = before ?? {};
  const isKnown = told?.end === undefined && isDeepStrictEqual(told?.spec, spec);
  if (isKnown) return { id, next: undefined };
  const drain = told?.drain ?? null;
  const next: DeclaredServer = { revision: registry.revisionOf(id) + 1, spec, drain, joined: true };
  checkMayJoin(registry, id, next);
  return { id, next };
}

/** What the file or an admin declared no webhook changes. */
function checkAgrees({ id, config }: ServerEntry, spec: Partial<ServerSpec>): void {
  const server = completeServer(id, 'api', { grpc: config.grpc, host: config.host, ...spec });
  const others = (Object.keys(spec) as (keyof ServerSpec & keyof ServerConfig)[]).filter(
    (key) => !isDeepStrictEqual(server[key], config[key]),
  );
  const rule = 'must be as it is declared, or left out: it was not declared by a webhook';
  if (others.length > 0) throw invalid(others.map((key) => ({ path: `data.${key}`, rule })));
}

function checkMayJoin(registry: Registry, id: string, next: DeclaredServer): void {
  const after = registry.entryWith(id, next);
  if (after === undefined) throw new Error(`a server without a spec was declared: ${id}`);
  const { grpc, http, metrics } = after.config;
  const hosts = [
    { key: 'grpc', host: parseAddress(grpc)?.host ?? '' },
    ...[
      { key: 'http', url: http },
      { key: 'metrics', url: metrics },
    ].flatMap(({ key, url }) => (url === null ? [] : [{ key, host: hostIn(url) }])),
  ];
  const rule = 'must be at a host that webhooks.fleet.allow names';
  const outside = hosts.filter(({ host }) => !registry.mayJoinAt(host));
  const rules = outside.map(({ key }) => ({ path: `data.${key}`, rule }));
  const together = brokenTogether(registry, after).map((one) => ({ ...one, path: `data.${one.path}` }));
  const tooMany = registry.get(id) === undefined && registry.all().length >= MAX_DECLARED;
  const bound = { path: 'data.server', rule: `must not be beyond ${MAX_DECLARED} servers` };
  const all: BrokenRule[] = [...rules, ...together, ...(tooMany ? [bound] : [])];
  if (all.length > 0) throw invalid(all);
}

const hostIn = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');

const broken = (path: string, rule: string): Refused => invalid([{ path, rule }]);

function unknownServer(path: string): Refused {
  const rule = 'must fit a server that is declared';
  return new Refused({ reason: 'unknown_server', detail: `${path}: ${rule}`, errors: [{ path, rule }] });
}
