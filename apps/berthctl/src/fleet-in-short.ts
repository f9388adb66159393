import { Now } from '#core';
import { type Column, lasting, table } from '#contracts';
import {
  type Booking,
  type Fleet,
  type Instant,
  memoryOf,
  modelState,
  type Replica,
  type Server,
  serverFlags,
  serverState,
} from '#core';

const MIB = 2 ** 20;

/** A fleet at a moment, as far as it fits a screen: servers with their memory, replicas, waiting requests. */
export function fleetInShort(fleet: Fleet, now: Instant): string[] {
  const replicas = [...fleet.replicas.values()];
  const servers = [...fleet.servers.values()];
  return [
    ...(servers.length > 0 ? table(serverColumns(fleet, now), servers) : ['no servers']),
    '',
    ...(replicas.length > 0 ? table(replicaColumns(now), replicas) : ['no replicas']),
    '',
    ...waiting(fleet, now),
  ];
}

const serverColumns = (fleet: Fleet, now: Instant): Column<Server>[] => {
  const memory = memoryOf(fleet);
  const booked = ({ devices }: Server): string =>
    (devices ?? [])
      .map(({ ordinal, account }) => {
        const { held, promised, capacity } = memory(account);
        return `${ordinal}: ${mib(held + promised)} of ${mib(capacity)} MiB`;
      })
      .join(', ');
  return [
    { title: 'SERVER', cell: ({ spec }) => spec.id },
    { title: 'STATE', cell: (server) => serverState(fleet, server, new Now(now)) },
    { title: 'LOOKED AT', cell: ({ lookedAt }) => (lookedAt === null ? 'never' : ago(lookedAt, now)) },
    { title: 'BOOKED', cell: booked },
    { title: 'FLAGS', cell: (server) => serverFlags(fleet, server, new Now(now)).join(',') },
  ];
};

const replicaColumns = (now: Instant): Column<Replica>[] => [
  { title: 'MODEL', cell: ({ model }) => model },
  { title: 'SERVER', cell: ({ server }) => server },
  { title: 'DEVICES', cell: ({ devices }) => devices.join(',') },
  { title: 'PHASE', cell: ({ phase }) => phase },
  { title: 'SINCE', cell: ({ since }) => ago(since, now) },
  { title: 'ON DEVICES', cell: ({ bookings }) => booked(bookings, 'gpu:') },
  { title: 'ON HOST', cell: ({ bookings }) => booked(bookings, 'host:') },
];

/** What a replica books on all accounts of one kind. */
function booked(bookings: readonly Booking[], kind: 'gpu:' | 'host:'): string {
  const mine = bookings.filter(({ account }) => account.startsWith(kind));
  return `${mib(mine.reduce((sum, { bytes }) => sum + bytes, 0))} MiB`;
}

/** How many wait, for what, and how that stands. */
function waiting(fleet: Fleet, now: Instant): string[] {
  const counts = new Map<string, number>();
  for (const { model } of fleet.waiting.values()) counts.set(model, (counts.get(model) ?? 0) + 1);
  if (counts.size === 0) return ['no request waits'];
  return [...counts].map(([model, count]) => {
    const id = model as Parameters<typeof modelState>[1];
    return `${count} waiting for ${model}, which is ${modelState(fleet, id, new Now(now))}`;
  });
}

const ago = (at: Instant, now: Instant): string => `${lasting(Math.max(0, now - at))} ago`;
const mib = (bytes: number): string => (Number.isFinite(bytes) ? String(Math.round(bytes / MIB)) : 'any');
