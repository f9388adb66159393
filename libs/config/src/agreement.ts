import { alertRuleFindings } from './alert-rules-schema.js';
import { addressText, parseAddress } from './address.js';
import { get, list } from './as-written.js';
import { authFindings } from './auth-agreement.js';
import { SERVER_DEFAULTS } from './defaults.js';
import { dependencyCycle } from './dependency-cycle.js';
import { discoveryFindings } from './discovery-schema.js';
import type { Finding, Path } from './errors.js';
import { tlsFindings } from './listening.js';
import { redisFindings } from './redis-schema.js';

/**
 * What the parts of a configuration must agree on. It reads the document as it was written, so that these
 * findings are told together with those of the schema; what has the wrong type is left to the schema.
 */
export function disagreements(file: unknown, flagServers: readonly LocatedServer[]): Finding[] {
  const listed = list(get(file, 'servers')).map((spec, index): LocatedServer => {
    return { at: ['servers', index], spec };
  });
  const models = entries(get(file, 'models'));
  return [
    ...fleetFindings([...listed, ...flagServers]),
    ...listed.flatMap(({ at, spec }) => serverFindings(spec, at)),
    ...models.flatMap(([name, spec]) => modelFindings(name, spec, ['models', name])),
    ...cycleFindings(models),
    ...discoveryFindings(file),
    ...alertRuleFindings(file),
    ...authFindings(file),
    ...tlsFindings(file),
    ...redisFindings(get(file, 'redis')),
    ...serverFindings(get(get(file, 'webhooks'), 'fleet'), ['webhooks', 'fleet']),
  ];
}

/** A server as written, and where. */
export type LocatedServer = { readonly at: Path; readonly spec: unknown };

/** What one server's keys must agree on among themselves. */
export function serverFindings(spec: unknown, at: Path): Finding[] {
  const found: Finding[] = [];
  const tls = get(spec, 'tls');
  if ((get(tls, 'cert') === undefined) !== (get(tls, 'key') === undefined)) {
    found.push({ at: [...at, 'tls'], rule: 'must have both cert and key, or neither' });
  }
  if (get(spec, 'headers') !== undefined && get(spec, 'headersFile') !== undefined) {
    found.push({ at: [...at, 'headersFile'], rule: 'must not be given beside headers' });
  }
  const seen = { ordinal: new Set<unknown>(), uuid: new Set<unknown>() };
  for (const [index, device] of list(get(spec, 'devices')).entries()) {
    found.push(...deviceFindings(device, [...at, 'devices', index], seen));
  }
  return found;
}

/** What one model's keys must agree on among themselves. */
export function modelFindings(name: string, spec: unknown, at: Path): Finding[] {
  const found: Finding[] = [];
  const pinned = get(get(spec, 'pin'), 'copies');
  const max = get(get(spec, 'copies'), 'max');
  if (isNumber(pinned) && isNumber(max) && pinned > max) {
    found.push({ at: [...at, 'pin', 'copies'], rule: `must be at most copies.max (${max})` });
  }
  const min = get(get(spec, 'copies'), 'min');
  if (isNumber(min) && isNumber(max) && min > max) {
    found.push({ at: [...at, 'copies', 'min'], rule: `must be at most copies.max (${max})` });
  }
  found.push(...setFindings(spec, [...at, 'deviceSets']));
  for (const [index, other] of list(get(spec, 'dependsOn')).entries()) {
    const slot = [...at, 'dependsOn', index];
    if (other === name) found.push({ at: slot, rule: 'must not be the model itself' });
    if (list(get(spec, 'dependsOn')).indexOf(other) < index)
      found.push({ at: slot, rule: 'must be listed once' });
  }
  return found;
}

/** Sets may overlap: one server has four devices, where another has the first two of them. */
function setFindings(spec: unknown, at: Path): Finding[] {
  const sets = list(get(spec, 'deviceSets')).map((set) => list(set));
  const names = sets.map((set) => String(set.map(Number).toSorted((one, other) => one - other)));
  const found: Finding[] = [];
  if (sets.length > 0 && get(spec, 'config') !== undefined) {
    found.push({ at, rule: 'must not be given beside config: it is left alone' });
  }
  for (const [index, set] of sets.entries()) {
    if (set.length === 0) continue;
    const slot = [...at, index];
    if (new Set(set).size < set.length) found.push({ at: slot, rule: 'must name each device once' });
    if (names.indexOf(names[index]!) < index) found.push({ at: slot, rule: 'must be listed once' });
  }
  return found;
}

/** What tells a device from the others of its server. */
type Seen = Readonly<Record<'ordinal' | 'uuid', Set<unknown>>>;

function deviceFindings(device: unknown, at: Path, seen: Seen): Finding[] {
  const found: Finding[] = [];
  for (const key of ['ordinal', 'uuid'] as const) {
    const value = get(device, key);
    if (value === undefined || value === null) continue;
    if (seen[key].has(value)) found.push({ at: [...at, key], rule: 'must be unique on its server' });
    seen[key].add(value);
  }
  const memory = get(device, 'memoryMb');
  const headroom = get(device, 'headroomMb') ?? SERVER_DEFAULTS.headroomMb;
  if (isNumber(memory) && isNumber(headroom) && memory > 0 && memory <= headroom) {
    found.push({ at: [...at, 'memoryMb'], rule: `must be more than headroomMb (${headroom})` });
  }
  return found;
}

/** No two servers share a name or an address, and those of one host agree on its memory. */
function fleetFindings(servers: readonly LocatedServer[]): Finding[] {
  const ids = new Map<string, Path>();
  const addresses = new Map<string, Path>();
  const hosts = new Map<string, number>();
  return servers.flatMap(({ at, spec }) => {
    const id = get(spec, 'id');
    const address = parseAddress(String(get(spec, 'grpc')));
    return [
      ...taken(ids, typeof id === 'string' ? id : undefined, keyOf(at, 'id'), 'must be unique'),
      ...taken(addresses, address && addressText(address).toLowerCase(), keyOf(at, 'grpc'), 'must be unique'),
      ...hostFindings(hosts, get(spec, 'host') ?? address?.host, get(spec, 'hostMemoryMb'), at),
    ];
  });
}

function taken(seen: Map<string, Path>, value: string | undefined, at: Path, rule: string): Finding[] {
  if (value === undefined) return [];
  if (seen.has(value)) return [{ at, rule: `${rule}: another server has it too` }];
  seen.set(value, at);
  return [];
}

function hostFindings(hosts: Map<string, number>, host: unknown, memory: unknown, at: Path): Finding[] {
  if (typeof host !== 'string' || !isNumber(memory)) return [];
  const before = hosts.get(host);
  if (before === undefined) hosts.set(host, memory);
  if (before === undefined || before === memory) return [];
  return [
    { at: [...at, 'hostMemoryMb'], rule: `must be the same for all servers of host ${host} (${before})` },
  ];
}

/** Flags have no keys: the finding is the flag's own. */
function keyOf(at: Path, key: string): Path {
  return at[0] === 'servers' ? [...at, key] : at;
}

function cycleFindings(models: readonly (readonly [string, unknown])[]): Finding[] {
  const graph = new Map(
    models.map(([name, spec]) => {
      const names = list(get(spec, 'dependsOn')).filter(
        (other) => typeof other === 'string' && other !== name,
      );
      return [name, names as string[]] as const;
    }),
  );
  const cycle = dependencyCycle(graph);
  if (cycle === null) return [];
  return [
    {
      at: ['models', cycle[0] ?? '', 'dependsOn'],
      rule: `must not lead back to itself: ${cycle.join(' -> ')}`,
    },
  ];
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
