import { hostMemories, loadsInFlight } from '#core';
import type { FleetMessage } from '#contracts';
import type { ToldFreeze } from '#engine';
import type { Scene } from '../models/model-view.js';
import { hostMemoryView } from './host-memory-view.js';
import { deviceView } from './server-view.js';

const PHASES = ['placed', 'loading', 'ready', 'draining', 'unloading', 'unknown'] as const;

/** This process among those of its fleet. */
export interface Identity {
  readonly fleet: string;
  readonly process: string;
  readonly term: number;
}

/** The whole picture. */
export function fleetView(
  { fleet: name, process, term }: Identity,
  scene: Scene,
  frozen: ToldFreeze | null,
): FleetMessage {
  const { fleet } = scene;
  const replicas = Object.fromEntries(PHASES.map((phase) => [phase, 0]));
  for (const { phase } of fleet.replicas.values()) replicas[phase] = (replicas[phase] ?? 0) + 1;
  return {
    fleet: name,
    leader: { id: process, term: String(term) },
    frozen: frozen && { reason: frozen.reason, since: frozen.since },
    devices: [...fleet.servers.values()].flatMap((server) =>
      (server.devices ?? []).map((device) => ({
        server: server.spec.id,
        ...deviceView(server, device, scene),
      })),
    ),
    hosts: hostMemories(fleet, scene.memory).map(hostMemoryView),
    replicas,
    waiting: fleet.waiting.size,
    loadsInFlight: loadsInFlight(fleet),
  };
}
