import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Bytes, Millis } from '../fleet/model.js';
import { DEFAULTS } from '../fleet/settings.js';
import { loadsByServer, ordersAtOnce } from '../fleet/standing.js';
import type { Server } from '../fleet/server.js';
import { routableReplicas } from '../learned/routes.js';
import { type Removal, removals } from './removal.js';
import { total } from '../numbers/groups.js';
import { type ServerRoom, type Supply, supplyOf } from './supply.js';
import type { ModelNeed } from './model-needs.js';
import { modelsAwaited } from '../fleet/waiting.js';

/** What an autoscaler goes by. Memory is that of GPUs; in a fleet without any GPU it is that of the hosts. */
export interface Scaling {
  /** Servers like the median one that hold what is needed at this moment. */
  readonly wanted: number;
  /** Whether it is known what is there: a want of 0 says nothing as long as no declared server was reached since the start. */
  readonly isSure: boolean;
  /** Servers that are reached and do not drain. */
  readonly present: number;
  /** What all that is needed would book. */
  readonly wantedBytes: Bytes;
  /** What is booked for loaded copies. */
  readonly heldBytes: Bytes;
  /** The part of `wantedBytes` for which requests wait without a copy that serves. */
  readonly queuedBytes: Bytes;
  /** What the present servers can hold. */
  readonly capacityBytes: Bytes;
  readonly waiting: number;
  readonly loadsRunning: number;
  /** How many loads may run at a time on the present servers. */
  readonly loadSlots: number;
  /** The median server, or that of the servers seen last; null where no devices were ever known. */
  readonly room: ServerRoom | null;
}

/** For so long a request for a name that is not known asks for a first server, where there is none. */
const UNKNOWN_COUNTS: Millis = 60_000;
/** For so long after the start it is not known what was used before: what is there counts as wanted. */
const RECALLS_AFTER: Millis = DEFAULTS.idleUnload!;

/** The numbers of this moment, which reading does not change. `seen` is the `room` of the numbers before. */
export const scalingOf = (fleet: Readonly<Fleet>, now: Now, seen: ServerRoom | null = null): Scaling =>
  numbersOf(fleet, supplyOf(fleet, now, seen), now);

/** The same, and what the removal of each server would cost: the one that costs least comes first. */
export function scalingAndRemovals(
  fleet: Readonly<Fleet>,
  now: Now,
  seen: ServerRoom | null = null,
): { readonly scaling: Scaling; readonly removals: readonly Removal[] } {
  const supply = supplyOf(fleet, now, seen);
  const { needs, holdings, capacityBytes, wantedBytes, bytesOf, present } = supply;
  const here = new Set(present);
  const fitsWithout = (server: Server): boolean =>
    wantedBytes <= capacityBytes - (here.has(server) ? bytesOf(server) : 0);
  const scaling = numbersOf(fleet, supply, now);
  return { scaling, removals: removals(fleet, { needs, holdings, fitsWithout }, now) };
}

const numbersOf = (fleet: Readonly<Fleet>, supply: Supply, now: Now): Scaling => ({
  wanted: wantedNow(fleet, supply, now),
  isSure: supply.present.length > 0 || fleet.servers.size === 0 || !isYoung(fleet, now),
  present: supply.present.length,
  wantedBytes: supply.wantedBytes,
  heldBytes: supply.heldBytes,
  queuedBytes: queuedFor(fleet, supply),
  capacityBytes: supply.capacityBytes,
  waiting: fleet.waiting.size,
  ...slotsOf(fleet, supply.present, now),
  room: supply.room,
});

/** After a start what is there is wanted. Where there is no server one is wanted for a request for an unknown name. */
function wantedNow(fleet: Readonly<Fleet>, { needs, room, present }: Supply, now: Now): number {
  const wanted = serversWanted([...needs.values()], room);
  const kept = isYoung(fleet, now) ? present.length : 0;
  return Math.max(wanted, kept, present.length === 0 ? firstFor(fleet, now) : 0);
}

const isYoung = ({ startedAt }: Readonly<Fleet>, now: Now): boolean =>
  now.stamp - (startedAt ?? now.stamp) < RECALLS_AFTER;

const firstFor = ({ unknownAskedAt }: Readonly<Fleet>, now: Now): number =>
  unknownAskedAt !== null && now.stamp - unknownAskedAt < UNKNOWN_COUNTS ? 1 : 0;

function queuedFor(fleet: Readonly<Fleet>, { needs, sizeOf }: Supply): Bytes {
  return total(modelsAwaited(fleet).keys(), (id) => {
    const need = needs.get(id);
    return need && routableReplicas(fleet, id).length === 0 ? sizeOf(need) : 0;
  });
}

function slotsOf(
  fleet: Readonly<Fleet>,
  present: readonly Server[],
  now: Now,
): Pick<Scaling, 'loadsRunning' | 'loadSlots'> {
  const loads = loadsByServer(fleet, now);
  const running = ({ spec }: Server): number => loads.get(spec.id)?.running ?? 0;
  const slots = (server: Server): number => Math.max(running(server), ordersAtOnce(fleet, server));
  return { loadsRunning: total(present, running), loadSlots: total(present, slots) };
}

/** Copies do not fill devices to the last byte: about so much more memory is needed than the copies book. */
const SLACK = 1.05;

/** Copies larger than a half, a third and a quarter of a device: at most one, two and three of them fit on one. */
const MAX_ON_ONE = [1, 2, 3];

/** How many servers with so much room hold what is needed; 1 at least where anything is needed. */
function serversWanted(needs: readonly ModelNeed[], room: ServerRoom | null): number {
  if (needs.length === 0) return 0;
  if (room === null) return 1;
  const byCopies = needs.map((need) => need.least / mostOnOne(need, room));
  const wanted = Math.max(byGpus(needs, room), byHosts(needs, room), ...byCopies);
  return Math.max(1, Math.ceil(wanted));
}

/** A server is one copy of a model, or one for each of its GPUs, or of the sets of them that a copy takes. */
const mostOnOne = ({ copies, gpus, gpuBytes }: ModelNeed, room: ServerRoom): number =>
  gpuBytes > 0 ? Math.max(1, Math.floor((room.gpus * copies) / gpus)) : 1;

function byGpus(needs: readonly ModelNeed[], { gpus, gpuBytes }: ServerRoom): number {
  if (gpus === 0 || gpuBytes <= 0) return 0;
  const bytes = needs.reduce((sum, need) => sum + need.gpus * need.gpuBytes, 0);
  const large = MAX_ON_ONE.map((most) => {
    const limit = gpuBytes / gpus / (most + 1);
    const copies = needs.reduce((sum, need) => sum + (need.gpuBytes > limit ? need.gpus : 0), 0);
    return copies / most / gpus;
  });
  return Math.max((SLACK * bytes) / gpuBytes, ...large);
}

function byHosts(needs: readonly ModelNeed[], { hostBytes }: ServerRoom): number {
  if (hostBytes <= 0 || hostBytes === Infinity) return 0;
  return (SLACK * needs.reduce((sum, need) => sum + need.hostBytes, 0)) / hostBytes;
}
