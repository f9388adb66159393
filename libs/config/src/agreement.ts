import { z } from 'zod';
import { addressText, parseAddress } from './address.js';
import { dependencyCycle } from './dependency-cycle.js';
import type { Finding, Path } from './errors.js';

const comparedServer = z
  .object({
    id: z.string().optional().catch(undefined),
    grpc: z.string().optional().catch(undefined),
    host: z.string().optional().catch(undefined),
    hostMemoryMb: z.number().nullish().catch(undefined),
  })
  .catch({});
const comparedModel = z
  .object({ dependsOn: z.array(z.string().catch('')).catch([]) })
  .catch({ dependsOn: [] });

/** What the parts of a document are compared by. A key with a fault of its own counts as left out. */
const comparedSchema = z
  .object({
    servers: z.array(comparedServer).catch([]),
    models: z.record(z.string(), comparedModel).catch({}),
  })
  .catch({ servers: [], models: {} });

/** A server, and where it is declared. */
export type LocatedServer = { readonly at: Path; readonly spec: z.infer<typeof comparedServer> };

/** What the parts of a configuration must agree on: its servers, those of flags among them, and its models. */
export function disagreements(document: unknown, flagServers: readonly LocatedServer[]): Finding[] {
  const { servers, models } = comparedSchema.parse(document);
  const listed = servers.map((spec, index): LocatedServer => ({ at: ['servers', index], spec }));
  return [
    ...fleetFindings([...listed, ...flagServers]),
    ...Object.entries(models).flatMap(([name, spec]) => ownNameFindings(name, spec, ['models', name])),
    ...cycleFindings(models),
  ];
}

/** A model that depends on itself. */
export function ownNameFindings(name: string, spec: unknown, at: Path): Finding[] {
  return comparedModel.parse(spec).dependsOn.flatMap((other, index) => {
    return other === name ? [{ at: [...at, 'dependsOn', index], rule: 'must not be the model itself' }] : [];
  });
}

/** No two servers share a name or an address, and those of one host agree on its memory. */
function fleetFindings(servers: readonly LocatedServer[]): Finding[] {
  const [ids, addresses, hosts] = [new Set<string>(), new Set<string>(), new Map<string, number>()];
  return servers.flatMap(({ at, spec }) => {
    const address = parseAddress(spec.grpc ?? '');
    return [
      ...takenFindings(ids, spec.id, keyOf(at, 'id')),
      ...takenFindings(addresses, address && addressText(address).toLowerCase(), keyOf(at, 'grpc')),
      ...hostFindings(hosts, spec.host ?? address?.host, spec.hostMemoryMb, at),
    ];
  });
}

function takenFindings(seen: Set<string>, value: string | undefined, at: Path): Finding[] {
  if (value === undefined) return [];
  const isTaken = seen.has(value);
  seen.add(value);
  return isTaken ? [{ at, rule: 'must be unique: another server has it too' }] : [];
}

function hostFindings(
  hosts: Map<string, number>,
  host: string | undefined,
  memory: number | null | undefined,
  at: Path,
): Finding[] {
  if (host === undefined || typeof memory !== 'number') return [];
  const before = hosts.get(host) ?? memory;
  hosts.set(host, before);
  const rule = `must be the same for all servers of host ${host} (${before})`;
  return before === memory ? [] : [{ at: [...at, 'hostMemoryMb'], rule }];
}

/** Flags have no keys: the finding is the flag's own. */
function keyOf(at: Path, key: string): Path {
  return at[0] === 'servers' ? [...at, key] : at;
}

function cycleFindings(models: Readonly<Record<string, z.infer<typeof comparedModel>>>): Finding[] {
  const graph = Object.entries(models).map(([name, { dependsOn }]) => {
    return [name, dependsOn.filter((other) => other !== name)] as const;
  });
  const cycle = dependencyCycle(new Map(graph));
  if (cycle === null) return [];
  const rule = `must not lead back to itself: ${cycle.join(' -> ')}`;
  return [{ at: ['models', cycle[0] ?? '', 'dependsOn'], rule }];
}
