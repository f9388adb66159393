import type { Now } from '../numbers/now.js';
import type { EventOf } from '../fleet/events.js';
import { accountsChanged } from '../fleet/fleet-index.js';
import { type Fleet, noteRoutesOn, replicasOn } from '../fleet/fleet.js';
import {
  type AccountId,
  gpuAccount,
  hostAccount,
  type ModelId,
  replicaId,
  type ServerId,
} from '../fleet/ids.js';
import { dropShortfalls } from '../fleet/meter.js';
import { type DeclaredDevice, type Device, type Server, UnseenServer } from '../fleet/server.js';
import { discover, forgetReplica, forgetVanished, rebook } from './declared.js';

export function declareServer(fleet: Fleet, { server: spec }: EventOf<'ServerDeclared'>): void {
  const known = fleet.servers.get(spec.id);
  const server = known ?? new UnseenServer(spec, fleet.looks);
  const { host, metricsInterval } = server.spec;
  server.spec = spec;
  if (spec.metricsInterval !== metricsInterval) server.lateReadings = [];
  followHost(server, host);
  if (spec.devices) {
    server.devices = spec.devices.map((device) => gpu(spec.id, device, server.devices));
    server.found = null;
  }
  fleet.servers.set(spec.id, server);
  accountsChanged(fleet);
  if (!known) return;
  noteRoutesOn(fleet, spec.id);
  discover(fleet, server);
  rebook(fleet, server);
}

/** What draws on the memory of the host that a server was on draws on that of its present host. */
function followHost(server: Server, before: string): void {
  const [from, to] = [hostAccount(before), hostAccount(server.spec.host)];
  if (from === to) return;
  const moved = <Drawing extends { readonly account: AccountId }>(one: Drawing): Drawing =>
    one.account === from ? { ...one, account: to } : one;
  server.devices = server.devices && server.devices.map(moved);
  server.hidden = server.hidden.map((copy) => ({ ...copy, bookings: copy.bookings.map(moved) }));
}

export function awaitServers(fleet: Fleet, { isAwaited }: EventOf<'ServersAwaited'>): void {
  fleet.serversAwaited = isAwaited;
}

export function withdrawServer(fleet: Fleet, { server: id }: EventOf<'ServerWithdrawn'>): void {
  for (const replica of replicasOn(fleet, id)) forgetReplica(fleet, replica);
  if (fleet.servers.has(id)) dropShortfalls(fleet, fleet.servers.get(id)!);
  fleet.servers.delete(id);
  fleet.index.shifts.delete(id);
  fleet.index.pace = null;
  accountsChanged(fleet);
  for (const [replica, { server }] of fleet.cooldowns) if (server === id) fleet.cooldowns.delete(replica);
  for (const [replica, { server }] of fleet.putOff) if (server === id) fleet.putOff.delete(replica);
  forgetVanished(fleet);
}

/** What an earlier process of Berth saw counts as seen: no permanent answer depends on which servers are up just now. */
export function rememberServer(
  fleet: Fleet,
  { server: id, repository, devices }: EventOf<'ServerRemembered'>,
): void {
  const server = fleet.servers.get(id);
  if (!server || server.lookedAt !== null) return;
  server.everSeen = true;
  server.repository = new Set(repository);
  if (devices.length > 0 && server.spec.devices === null) {
    server.devices = devices.map((device) => ({
      ...device,
      account: device.kind === 'gpu' ? gpuAccount(id, device.ordinal) : hostAccount(server.spec.host),
      used: null,
    }));
    accountsChanged(fleet);
  }
  discover(fleet, server);
}

export function rememberOrders(fleet: Fleet, { server, models }: EventOf<'OrdersRemembered'>): void {
  for (const model of models) fleet.servers.get(server)?.ordered.add(model);
}

export function drainServer(fleet: Fleet, { server: id, deadline }: EventOf<'DrainOrdered'>, now: Now): void {
  const server = fleet.servers.get(id);
  if (server) setDrain(fleet, server, { since: now.stamp, deadline });
}

export function endDrain(fleet: Fleet, { server: id }: EventOf<'DrainEnded'>): void {
  const server = fleet.servers.get(id);
  if (server) setDrain(fleet, server, null);
}

/** A deadline ends leases, so routes change with it. */
function setDrain(fleet: Fleet, server: Server, drain: Server['drain']): void {
  const before = server.drain?.deadline ?? null;
  server.drain = drain;
  if (before !== (drain?.deadline ?? null)) noteRoutesOn(fleet, server.spec.id);
}

/** Servers that were looked at in this term before it was told are not looked at anew. */
export function beginTerm(fleet: Fleet, { looks }: EventOf<'TermBegun'>): void {
  fleet.looks = looks;
  for (const server of fleet.servers.values())
    server.secondLookFrom = looks === 2 && server.lookedAt === null ? Infinity : null;
}

const gpu = (
  server: ServerId,
  { ordinal, uuid, memory, headroom }: DeclaredDevice,
  before: readonly Device[] | null,
): Device => ({
  ordinal,
  uuid,
  kind: 'gpu',
  account: gpuAccount(server, ordinal),
  capacity: memory - headroom,
  used: before?.find((one) => one.ordinal === ordinal)?.used ?? null,
});

/** Takes up leases that an earlier process of Berth gave, unless the server was looked at already. */
export function rememberLeases(fleet: Fleet, { server: id, leases }: EventOf<'LeasesRemembered'>): void {
  const server = fleet.servers.get(id);
  if (server?.lookedAt === null) server.promised = new Map(leases.map(({ model, until }) => [model, until]));
}

/** After a look only copies on their way in may still take up a lease: those that serve have done so, others are gone. */
export function keepPromised(fleet: Fleet, server: Server): void {
  if (server.promised.size === 0) return;
  const isComing = (model: ModelId): boolean =>
    fleet.replicas.get(replicaId(model, server.spec.id))?.phase === 'unknown';
  server.promised = new Map([...server.promised].filter(([model]) => isComing(model)));
}
