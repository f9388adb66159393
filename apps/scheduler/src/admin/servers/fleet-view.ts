import { hostMemories, loadsInFlight } from '#core';
import type { FleetMessage } from '#contracts';
import type { DeclaredFreeze } from '#engine';
import type { AwaitedBerth } from '../../cluster/replication/route-feed.js';
import type { Scene } from '../models/model-view.js';
import type { Steps } from '../../transport/lists/time-slicer.js';
import { hostMemoryView } from './host-memory-view.js';
import { deviceView } from './server-view.js';

const PHASES = ['placed', 'loading', 'ready', 'draining', 'unloading', 'unknown'] as const;

/** This process among those of its fleet. */
export class Identity {
  constructor(
    readonly fleet: string,
    readonly process: string,
    readonly term: number,
  ) {}
}

/** The whole picture, server by server. `view` and `awaited` are asked for anew after each pause. */
export function* fleetView(
  { fleet: name, process, term }: Identity,
  view: () => Scene,
  frozen: DeclaredFreeze | null,
  awaited: () => readonly AwaitedBerth[],
): Steps<FleetMessage> {
  let scene = view();
  const { fleet } = scene;
  const devices: FleetMessage['devices'] = [];
  for (const server of fleet.servers.values()) {
    if (yield) scene = view();
    for (const device of server.devices ?? []) {
      devices.push({ server: server.spec.id, ...deviceView(server, device, scene) });
    }
  }
  const replicas = Object.fromEntries(PHASES.map((phase) => [phase, 0]));
  for (const { phase } of fleet.replicas.values()) replicas[phase] = (replicas[phase] ?? 0) + 1;
  return {
    fleet: name,
    leader: { id: process, term: String(term) },
    frozen: frozen && { ...frozen, by: frozen.by ?? null },
    devices,
    hosts: hostMemories(fleet, scene.memory).map(hostMemoryView),
    replicas,
    waiting: fleet.waiting.size,
    loadsInFlight: loadsInFlight(fleet),
    unloadsWaitFor: awaited().flatMap((one) => awaitedView(one, process, scene)),
  };
}

type AwaitedMessage = NonNullable<FleetMessage['unloadsWaitFor']>[number];

/** The gateways for which a Berth waits, or that Berth where it is late itself. */
function awaitedView(
  { watcher, isOwn, gateways, copies, since }: AwaitedBerth,
  process: string,
  { times }: Scene,
): AwaitedMessage[] {
  const berth = isOwn ? process : watcher;
  const facts = { berth, copies, since: times.told(since) };
  if (gateways.length === 0) return [{ watcher: berth, kind: 'peer', acknowledges: true, ...facts }];
  return gateways.map((one) => ({ ...one, kind: 'gateway', ...facts }));
}
