import {
  type Fleet,
  type JobInLine,
  type ModelId,
  type Ready,
  type Replica,
  unloadForecast,
  usualLease,
} from '#core';

/** A model of its own of what a small fleet holds and is going to load: by device, with instants and bytes. */
export interface Picture {
  readonly now: number;
  readonly devices: readonly DevicePicture[];
}

interface DevicePicture {
  readonly name: string;
  readonly capacity: number;
  readonly held: readonly Held[];
  readonly loads: readonly Load[];
}

interface Held {
  readonly model: string;
  readonly bytes: number;
  /** When it is gone if it is told to leave as soon as it may. */
  readonly mayGoneBy: number;
  /** Whether it is worth next to nothing, so that it may leave for anything. */
  readonly isIdle: boolean;
  /** When it is gone by what was decided; infinite where it stays. */
  readonly goneBy: number;
}

/** A load that runs or stands in line; it holds its memory from its start on. */
interface Load {
  readonly model: string;
  readonly bytes: number;
  readonly from: number;
  readonly until: number;
  readonly neededBy: number;
  /** When its copy is gone if it is told to leave as soon as it may. */
  readonly mayGoneBy: number;
}

interface Asked {
  readonly model: string;
  readonly bytes: number;
  readonly took: number;
  readonly neededBy: number;
}

/** A copy that was asked for so long ago is worth next to nothing. */
const IDLE_AFTER = 300_000;

export function pictureOf(fleet: Fleet, now: number, took: Readonly<Record<string, number>>): Picture {
  // A wish delays nothing before it has its place.
  const line = [...fleet.line].filter(([model, job]) => job.neededBy < Infinity || fleet.holders.has(model));
  const leavesFor = new Map(line.flatMap(([, job]) => job.victims.map((id) => [id, job] as const)));
  const devices = [...fleet.servers.values()].flatMap((server) =>
    (server.devices ?? []).map(({ ordinal, capacity }): DevicePicture => {
      const on = [...fleet.replicas.values()].filter(
        (one) => one.server === server.spec.id && one.devices.includes(ordinal),
      );
      const held = on.filter(({ phase }) => phase !== 'placed' && phase !== 'loading');
      const loadOf = (model: ModelId, from: number, until: number, neededBy: number): Load => {
        const { gpuBytes: bytes, minResidency } = fleet.models.get(model)!;
        const mayGoneBy = until + minResidency + usualLease(fleet, model) + unloadForecast(server).p50;
        return { model, bytes, from, until, neededBy, mayGoneBy };
      };
      const running = on.flatMap(({ model, ...one }): Load[] =>
        one.phase === 'loading'
          ? [loadOf(model, one.orderedAt, Math.max(now, one.orderedAt + took[model]!), Infinity)]
          : [],
      );
      const coming = line.flatMap(([model, job]): Load[] =>
        job.server === server.spec.id && job.devices.includes(ordinal)
          ? [loadOf(model, job.startsAt, job.readyAt.p50, job.neededBy)]
          : [],
      );
      return {
        name: `${server.spec.id}/${ordinal}`,
        capacity,
        held: held.map((one) => heldOf(fleet, one, now, leavesFor.get(one.id))),
        loads: [...running, ...coming],
      };
    }),
  );
  return { now, devices };
}

function heldOf(fleet: Fleet, one: Replica, now: number, leavesFor: JobInLine | undefined): Held {
  const unload = unloadForecast(fleet.servers.get(one.server)).p50;
  const shared = { model: one.model, bytes: bytesOf(one) };
  if (one.phase === 'ready') {
    const resident = one.since + fleet.models.get(one.model)!.minResidency;
    const goneFrom = (from: number): number => {
      const leased = from > now ? from + usualLease(fleet, one.model) : now;
      return Math.max(leased, one.inUseUntil) + unload;
    };
    const goneBy = leavesFor ? Math.min(leavesFor.startsAt, goneFrom(leavesFor.placeAt)) : Infinity;
    return {
      ...shared,
      mayGoneBy: goneFrom(Math.max(now, resident)),
      isIdle: isIdle(fleet, one, now),
      goneBy,
    };
  }
  const goneBy =
    one.phase === 'draining' ? Math.max(now, one.inUseUntil) + unload : Math.max(now, one.since + unload);
  return { ...shared, mayGoneBy: Infinity, isIdle: false, goneBy };
}

const isIdle = (fleet: Fleet, one: Ready, now: number): boolean =>
  now - Math.max(one.lastUse, fleet.asks.get(one.model)?.at ?? 0) > IDLE_AFTER &&
  ![...fleet.waiting.values()].some(({ model }) => model === one.model);

const bytesOf = ({ bookings }: Replica): number => bookings.reduce((sum, { bytes }) => sum + bytes, 0);

/** What does not hold of the loads to come; undefined where all is as it should be. */
export function unfitIn({ devices }: Picture): string | undefined {
  for (const device of devices) {
    let { held, loads } = device;
    for (const load of device.loads.toSorted((one, other) => one.from - other.from)) {
      if (load.neededBy < load.until) return `${load.model} is late on ${device.name}`;
      if (loads.some((one) => one !== load && one.from < load.until && load.from < one.until))
        return `two loads at once on ${device.name}`;
      if (usedAt(held, loads, load.from) <= device.capacity || load.neededBy === Infinity) continue;
      // What is idle by then, or is loaded before, leaves for it without having been told so yet.
      held = held.filter(({ mayGoneBy, goneBy }) => mayGoneBy > load.from || goneBy < Infinity);
      loads = loads.filter(({ mayGoneBy }) => mayGoneBy > load.from);
      const used = usedAt(held, loads, load.from);
      if (used > device.capacity) return `${used} on ${device.name} at ${load.from} for ${load.model}`;
    }
  }
  return undefined;
}

function usedAt(held: readonly Held[], loads: readonly Load[], at: number): number {
  const kept = held.filter(({ goneBy }) => goneBy > at);
  const begun = loads.filter(({ from }) => from <= at);
  return [...kept, ...begun].reduce((sum, { bytes }) => sum + bytes, 0);
}

/** How a load would fit beside what was decided, which is left as it is; undefined where it does not. */
export function isInsertable({ now, devices }: Picture, asked: Asked): string | undefined {
  for (const device of devices) {
    const free = device.held.filter((one) => one.isIdle && one.goneBy === Infinity);
    for (const victims of subsetsOf(free)) {
      const from = startAt(now, device, victims, asked);
      if (from + asked.took <= asked.neededBy)
        return `at ${from} on ${device.name} for ${victims.map(({ model }) => model).join() || 'none'}`;
    }
  }
  return undefined;
}

function startAt(
  now: number,
  { capacity, held, loads }: DevicePicture,
  victims: readonly Held[],
  asked: Asked,
): number {
  const left = held.map((one) => (victims.includes(one) ? { ...one, goneBy: one.mayGoneBy } : one));
  const moments = [now, ...left.map(({ goneBy }) => goneBy), ...loads.map(({ until }) => until)];
  const fits = (from: number): boolean => {
    const load: Load = { ...asked, from, until: from + asked.took, mayGoneBy: Infinity };
    if (loads.some((one) => one.from < load.until && from < one.until)) return false;
    const all = [...loads, load];
    return [from, ...loads.flatMap((one) => (one.from > from ? [one.from] : []))].every(
      (at) => usedAt(left, all, at) <= capacity,
    );
  };
  return Math.min(Infinity, ...moments.filter((at) => at >= now && at < Infinity && fits(at)));
}

const subsetsOf = (all: readonly Held[]): (readonly Held[])[] =>
  all.reduce<(readonly Held[])[]>((some, one) => [...some, ...some.map((few) => [...few, one])], [[]]);
