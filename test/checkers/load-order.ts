import { Now } from '#core';
import {
  type ActionOf,
  type Class,
  type Fleet,
  type ModelId,
  ordersAtOnce,
  type Placed,
  type Replica,
  type Server,
  whyClosed,
} from '#core';
import { dependentsOn, withNeeds } from './needs.js';
import type { TurnCheck, TurnScene } from './scene.js';
import { isKeptWaiting } from './families.js';
import { loadBegan } from './load-began.js';

const RANKS: Readonly<Record<Class, number>> = { sheddable: 0, default: 1, critical: 2 };
/** A load gives its device's slot back after this, or after its timeout. */
const SLOT_HELD = 60_000;

type Load = ActionOf<'load'>;

/** No load begins where one of a higher class has its place on the same server and could have begun in its stead. */
export const higherClassesLoadFirst: TurnCheck = (scene) => {
  const { fleet, turn, trail } = scene;
  for (const load of turn.actions) {
    if (load.kind !== 'load') continue;
    const most = rankAtMost(scene, load);
    const passed = most === null ? [] : heldUp(scene, load).filter((one) => rankAtLeast(fleet, one) > most);
    trail.expect(passed.length === 0, () => `load ${load.replica} before ${passed[0]!.id} of a higher class`);
  }
};

/** What has had its place since an earlier turn and could begin had that load not begun: by slots, memory, and what it needs. */
function heldUp(scene: TurnScene, load: Load): Placed[] {
  const { fleet, before } = scene;
  const server = fleet.servers.get(load.server)!;
  return Array.from(fleet.unsettled, (id) => fleet.replicas.get(id)!).filter(
    (one): one is Placed =>
      one.phase === 'placed' &&
      one.server === load.server &&
      one.coLoadedBy === null &&
      before.get(one.id)?.phase === 'placed' &&
      !isKeptWaiting(scene, one, load) &&
      hasSlots(scene, one, load) &&
      mayTakeMemory(scene, server, one, load) &&
      hasNeeds(fleet, one),
  );
}

const mayTakeMemory = (scene: TurnScene, server: Server, one: Placed, load: Load): boolean =>
  hasMemory(scene, one, load) && areOpen(scene, server, one) && !waitsBehind(scene, one, load);

/** Whether what got its place before it, for no lower class, waits for memory there: what is further back takes none of it. */
function waitsBehind(scene: TurnScene, one: Placed, load: Load): boolean {
  const { fleet } = scene;
  const accounts = new Set(one.bookings.map(({ account }) => account));
  return Array.from(fleet.unsettled, (id) => fleet.replicas.get(id)!).some(
    (other) =>
      other.phase === 'placed' &&
      other.since < one.since &&
      other.bookings.some(({ account }) => accounts.has(account)) &&
      rankAtLeast(fleet, other) >= rankAtLeast(fleet, one) &&
      !hasMemory(scene, other, load),
  );
}

function hasSlots({ fleet, turn }: TurnScene, { server, devices }: Placed, load: Load): boolean {
  const { loadsPerDevice } = fleet.limits;
  const others = Array.from(fleet.unsettled, (id) => fleet.replicas.get(id)!)
    .filter((one) => one.server === server && one.id !== load.replica)
    .flatMap((one) => slotsOf(fleet, one, turn.now));
  if (others.length >= ordersAtOnce(fleet, fleet.servers.get(server)!)) return false;
  return devices.every((device) => others.filter((held) => held.includes(device)).length < loadsPerDevice);
}

/** The devices of the load that a replica stands for, where it still holds their slots; nothing where there is no load. */
function slotsOf(fleet: Fleet, replica: Replica, now: number): (readonly number[])[] {
  const began = loadBegan(replica);
  if (began === null) return [];
  const { loadTimeout } = fleet.models.get(replica.model) ?? fleet.defaults;
  return [now < began + Math.min(loadTimeout, SLOT_HELD) ? replica.devices : []];
}

/** Nothing is loaded into a closed device, but what fits beside all that may be in use there: so that is not held up. */
const areOpen = ({ fleet, turn }: TurnScene, server: Server, { devices }: Placed): boolean =>
  (server.devices ?? []).every(
    (device) =>
      !devices.includes(device.ordinal) || whyClosed(fleet, server, device, new Now(turn.now)) === null,
  );

/** Beside all that is held, but for what that load took. */
function hasMemory({ fleet, memory }: TurnScene, one: Placed, load: Load): boolean {
  const taken = broughtWith(fleet, load.replica);
  const needed = broughtWith(fleet, one.id);
  return [...needed].every(([account, bytes]) => memory(account).free + (taken.get(account) ?? 0) >= bytes);
}

/** What a load takes of each account, with all that comes up through it. */
function broughtWith(
  fleet: Fleet,
  id: Replica['id'],
): ReadonlyMap<Placed['bookings'][number]['account'], number> {
  const total = new Map<Placed['bookings'][number]['account'], number>();
  for (const one of fleet.replicas.values()) {
    const isBrought = 'coLoadedBy' in one && one.coLoadedBy === id;
    if (one.id !== id && !isBrought) continue;
    for (const { account, bytes } of one.bookings) total.set(account, (total.get(account) ?? 0) + bytes);
  }
  return total;
}

const hasNeeds = (fleet: Fleet, { id, model, server }: Placed): boolean =>
  [...withNeeds(fleet, model)].every((needed) => {
    if (needed === model) return true;
    const there = fleet.replicas.get(`${needed}@${server}` as Replica['id']);
    return there?.phase === 'ready' || (there?.phase === 'placed' && there.coLoadedBy === id);
  });

/** The highest class of the requests that wait for a model's first copy. */
function rankAtLeast({ replicas, waiting }: Fleet, { id, model }: Placed): number {
  const isMore = [...replicas.values()].some((one) => one.model === model && one.id !== id);
  return isMore ? -1 : highestAsked([...waiting.values()], [model]);
}

/**
 * The highest class that a load may be of: of its model, of the requests that wait for it, or of what needs it there.
 * Null where it goes before all classes: for a pin, or to empty a draining server.
 */
function rankAtMost({ fleet, history }: TurnScene, { model, server }: Load): number | null {
  const models = modelsFor(fleet, { model, server });
  const isBeforeAll = models.some(
    (id) => (fleet.models.get(id)?.pinnedCopies ?? 0) > 0 || isLeavingDraining(fleet, id),
  );
  if (isBeforeAll) return null;
  const own = models.map((id) => RANKS[(fleet.models.get(id) ?? fleet.defaults).class]);
  return Math.max(...own, highestAsked([...history.pending.values()], models));
}

/** A model, and what is made of it on the same server. */
const modelsFor = (fleet: Fleet, one: Pick<Replica, 'model' | 'server'>): readonly ModelId[] => [
  one.model,
  ...dependentsOn(fleet, one).map(({ model }) => model),
];

const isLeavingDraining = ({ replicas, servers }: Fleet, id: ModelId): boolean =>
  [...replicas.values()].some(({ model, server }) => model === id && servers.get(server)!.drain !== null);

const highestAsked = (
  requests: readonly { readonly model: ModelId; readonly class: Class }[],
  models: readonly ModelId[],
): number =>
  Math.max(-1, ...requests.filter(({ model }) => models.includes(model)).map((one) => RANKS[one.class]));
