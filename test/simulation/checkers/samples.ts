import { Now } from '#core';
import { type Device, type Fleet, type Instant, type Replica, replicaFlags, type Server } from '#core';
import { WINDOW } from '../surprises.js';
import { type Scene, siteOf } from './scene.js';

/** One GPU in a turn, and what the turns before have shown of it. */
export interface Gpu {
  readonly server: Server;
  device: Device;
  incarnation: number;
  /** When Berth last sent or heard something of a load or an unload there, or a look showed it. */
  movedAt: Instant;
  /** Whether it did in this turn, or waits to hear of one that is not stuck. */
  isBusy: boolean;
  /** When the look of this turn began that is believed; null where there is none. */
  begunAt: Instant | null;
  /** When the last look before it began that told what is in use. */
  toldAt: Instant;
  /** When it was last open, or busy. */
  quietSince: Instant;
}

/** A life of Berth has servers of its own. */
const met = new WeakMap<Server, Map<number, Gpu>>();

/** The GPUs of all servers, as the turn leaves them. */
export const gpusIn = (scene: Scene): readonly Gpu[] =>
  [...scene.fleet.servers.values()].flatMap((server) => {
    const known = met.get(server) ?? new Map<number, Gpu>();
    // Another life of Berth remembers nothing of what is there.
    if (!met.has(server)) siteOf(scene, server.spec.id).surprises.forget();
    met.set(server, known);
    const begunAt = believedIn(scene, server);
    const gpus = (server.devices ?? []).filter(({ kind }) => kind === 'gpu');
    return gpus.map((device) => {
      const gpu = known.get(device.ordinal) ?? newGpu(server, device);
      known.set(device.ordinal, gpu);
      return follow(scene, gpu, device, begunAt);
    });
  });

const newGpu = (server: Server, device: Device): Gpu => ({
  ...{ server, device, incarnation: server.incarnation, isBusy: false, begunAt: null },
  ...{ movedAt: -Infinity, toldAt: -Infinity, quietSince: -Infinity },
});

function follow(scene: Scene, gpu: Gpu, device: Device, begunAt: Instant | null): Gpu {
  const { turn, fleet, changes } = scene;
  const { server, incarnation, begunAt: before } = gpu;
  if (before !== null && gpu.device.used !== null) gpu.toldAt = before;
  // Another process is a move, and so is the first look of a life.
  const isAnew = incarnation !== server.incarnation || gpu.toldAt === -Infinity;
  const touching = (one: Replica | undefined): string => motionOn(server, device, one);
  const hasMoved = isAnew || changes.some(({ was, now }) => touching(was) !== touching(now));
  if (hasMoved) gpu.movedAt = turn.now;
  Object.assign(gpu, { device, begunAt, incarnation: server.incarnation });
  gpu.isBusy = hasMoved || isAtWork(fleet, gpu, turn.now);
  return gpu;
}

/** What a replica does with the memory of a GPU. */
function motionOn({ spec }: Server, { ordinal }: Device, one: Replica | undefined): string {
  if (one?.server !== spec.id || one.phase === 'placed') return '';
  if (!one.devices.includes(ordinal)) return '';
  return one.phase === 'draining' ? 'ready' : one.phase;
}

const isAtWork = (fleet: Fleet, { server, device }: Gpu, now: Instant): boolean =>
  Array.from(fleet.unsettled, (id) => fleet.replicas.get(id)!).some(
    (one) =>
      !['', 'ready'].includes(motionOn(server, device, one)) &&
      !replicaFlags(fleet, one, new Now(now)).includes('stuck'),
  );

/** When the look of this turn began that is believed: one over a connection that has ended since is not. */
function believedIn({ turn }: Scene, { spec, statisticsAt }: Server): Instant | null {
  const isBelieved = turn.events.some(
    (event) => event.kind === 'Looked' && event.server === spec.id && event.look.begunAt === statisticsAt,
  );
  return isBelieved ? statisticsAt : null;
}

/** Whether a look of this turn began a window after the last move there, in the world or as Berth was told, with none under way. */
export function isClean(scene: Scene, { server, device, begunAt, movedAt, isBusy }: Gpu): boolean {
  if (begunAt === null || device.used === null || isBusy) return false;
  const moved = siteOf(scene, server.spec.id).surprises.on(device.ordinal)?.movedAt ?? Infinity;
  return begunAt >= Math.max(moved, movedAt) + WINDOW;
}
