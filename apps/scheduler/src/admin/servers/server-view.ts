import { Now } from '#core';
import {
  type Device,
  deviceFlags,
  foreignOn,
  hostMemoryOf,
  type Server,
  type ServerId,
  serverFlags,
  serverState,
  whyClosed,
} from '#core';
import { closedView, type DeviceMessage, type ServerMessage } from '#contracts';
import type { Trouble } from '#engine';
import { mib } from '../models/core-model.js';
import type { Scene } from '../models/model-view.js';
import { drainOf } from './core-server.js';
import { exposuresOf } from './exposures.js';
import { hostMemoryView } from './host-memory-view.js';
import type { ServerEntry } from './registry.js';

/** A server as it is told: what was declared of it, and what was seen. */
export function serverView(entry: ServerEntry, scene: Scene, trouble: Trouble | null): ServerMessage {
  const { grpc, http, host, labels, metricsIntervalMs } = entry.config;
  const server = scene.fleet.servers.get(entry.id as ServerId);
  return {
    ...{ id: entry.id, source: entry.source, grpc, http, host, labels, metricsIntervalMs },
    ...(server ? seen(server, scene) : UNSEEN),
    ...(entry.hasLeft && { state: 'drained' as const }),
    flags: [
      ...(entry.hasLeft ? (['left'] as const) : []),
      ...(server ? serverFlags(scene.fleet, server, new Now(scene.now)) : []),
      ...exposuresOf(entry.config, server?.version ?? null),
    ],
    trouble,
    drain: drainView(entry, server?.drain ?? null, scene),
    revision: String(entry.revision),
  };
}

/** By whose word it drains: by what was told, else by DNS or the file, which name it no longer. */
function drainView(
  { told, source }: ServerEntry,
  drain: Server['drain'],
  { times }: Scene,
): ServerMessage['drain'] {
  const first = drainOf(told);
  if (!first && !drain) return null;
  const {
    deadline,
    since = times.toldOrNull(drain?.since ?? null),
    by = null,
    cause,
  } = first ?? {
    deadline: times.toldOrNull(drain!.deadline),
    cause: source === 'discovered' ? 'discovery' : 'file',
  };
  return { since, until: deadline, cause, by };
}

const UNSEEN = {
  state: 'connecting',
  incarnation: 0,
  version: null,
  observedAt: null,
  devices: [],
  hostMemory: null,
} satisfies Partial<ServerMessage>;

function seen(server: Server, scene: Scene) {
  const { fleet, now, times, memory } = scene;
  const host = hostMemoryOf(fleet, server.spec.host, memory);
  return {
    state: serverState(fleet, server, new Now(now)),
    incarnation: server.incarnation,
    version: server.version,
    observedAt: times.toldOrNull(server.lookedAt),
    devices: (server.devices ?? []).map((device) => deviceView(server, device, scene)),
    hostMemory: host && hostMemoryView(host),
  };
}

/** A device and what holds its memory. Its capacity is what is left for us, less headroom, foreign and residue. */
export function deviceView(server: Server, device: Device, scene: Scene): DeviceMessage {
  const { ordinal, uuid, kind, account, used } = device;
  const foreign = foreignOn(server, ordinal);
  const residue = server.meters.get(ordinal)?.residue ?? 0;
  const { held, promised, free, ...limit } = scene.memory(account);
  const capacity = Number.isFinite(limit.capacity) ? limit.capacity : device.capacity;
  return {
    ordinal,
    uuid,
    kind,
    capacityMb: mib(capacity),
    heldMb: mib(held),
    promisedMb: mib(promised),
    freeMb: Math.max(0, mib(Number.isFinite(free) ? free : capacity - held - promised)),
    foreignMb: foreign === null ? null : mib(foreign),
    residueMb: mib(residue),
    measuredMb: used === null ? null : mib(used),
    flags: deviceFlags(server, device, { capacity, held }),
    closed: closedView(whyClosed(scene.fleet, server, device, new Now(scene.now)), scene.times),
  };
}
