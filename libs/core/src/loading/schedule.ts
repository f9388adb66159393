import { type Fleet, unsettled } from '../fleet/fleet.js';
import { type AccountId, type ModelId, type ReplicaId, replicaId, type ServerId } from '../fleet/ids.js';
import { PINNED } from '../demand/rank.js';
import { loadForecast } from '../learned/load-forecast.js';
import type { Forecast } from '../learned/load-times.js';
import { Ledger } from '../memory/ledger.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Booking, Placed, Ready } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { residentUntil } from '../fleet/idle-rule.js';
import { usualLease } from '../learned/leases.js';
import { unloadForecast } from '../learned/unload-times.js';
import { SitesBesidePins } from '../room/fit-pins.js';
import type { Place } from '../room/places.js';
import { devicesSwapped, swapsAgainAt } from '../room/swaps.js';
import { awaitedModels, covers, shortfall } from '../room/victims.js';
import { InWork, isBlocked } from './in-work.js';
import { EarliestRoom } from './earliest-room.js';
import type { Job } from './job.js';
import { CopiesToCome } from './leavers.js';
import { untoldDevices } from '../learned/closing.js';
import { besides, type Freed, MemoryPool } from './memory-pool.js';
import { ServerSlots, type Start } from './slots.js';

/** The forecast of a job: its place, the copies that leave for it, and when. Instants; infinite where there is no telling. */
export interface JobForecast {
  readonly job: Job;
  readonly place: Place | null;
  readonly victims: readonly Ready[];
  /** The copies that have left for it by then besides its victims: no job behind it counts on these, too. */
  readonly frees: readonly Freed[];
  /** Whether copies are told to leave for it, those that are not ready yet too. */
  readonly isSwap: boolean;
  /** When the job gets its place: victims begin to drain then. */
  readonly placeAt: Instant;
  readonly start: Start;
  readonly load: Forecast;
  /** When the model should be ready. */
  readonly ready: Forecast;
  /**
   * The earliest moment at which leases, residencies and loads that stand in its way could have ended, whatever slots,
   * budgets and worth say; now where no server can be asked.
   */
  readonly roomAt: Instant;
}

/** The loads that are forecast so far in one pass over the line: what they take of slots, memory and the swap budget. */
export class Schedule {
  readonly ledger: Ledger;
  private readonly present: Ledger;
  readonly memory: MemoryPool;
  readonly inWork: InWork;
  readonly slots: ServerSlots;
  private readonly busy: ReadonlySet<ServerId>;
  private readonly leaving = new Set<ReplicaId>();
  /** The accounts that copies leave for jobs before this one. */
  private readonly left = new Set<AccountId>();
  readonly coming = new CopiesToCome();
  readonly sites: SitesBesidePins;
  readonly earliestRoom = new EarliestRoom(this);
  readonly awaited: ReadonlySet<ModelId>;
  /** The closed devices of which there is no telling when they open. */
  readonly untold: ReadonlySet<AccountId>;
  private readonly swaps = new Map<AccountId, readonly Instant[]>();

  constructor(
    readonly fleet: Fleet,
    readonly open: readonly Server[],
    readonly now: Instant,
  ) {
    this.ledger = new Ledger(fleet, now);
    this.present = new Ledger(fleet, now);
    this.memory = new MemoryPool(fleet, this.ledger, now);
    this.inWork = new InWork(fleet, now);
    this.slots = new ServerSlots(fleet, now);
    this.sites = new SitesBesidePins(fleet, open, now);
    this.awaited = awaitedModels(fleet, now);
    this.untold = untoldDevices(fleet, now);
    this.busy = new Set(unsettled(fleet).map(({ server }) => server));
  }

  /** Whether nothing comes to a server nor leaves it, now or for a job before this one. */
  isQuiet({ spec }: Server): boolean {
    return !this.busy.has(spec.id) && !this.slots.wereAskedFor(spec.id);
  }

  /** Whether copies leave its devices for a job before this one. */
  isLeft({ devices }: Server): boolean {
    return this.left.size > 0 && (devices ?? []).some(({ account }) => this.left.has(account));
  }

  /** When a load can begin on these devices whose memory is free from a moment on. */
  startOn(server: Server, devices: readonly number[], from: Instant, load: Forecast): Start {
    if (from === Infinity || this.isQuiet(server)) return { at: from, variance: 0 };
    return this.slots.on(server.spec.id).earliest(devices, from, load);
  }

  /** Whether a place could be promised now: all it needs is free, drains already, or is held by these. */
  isOnItsWay({ bookings }: Place, victims: readonly Ready[]): boolean {
    return covers(victims, shortfall(this.present, bookings));
  }

  /** When there is room at a place; now where only its closed device has to open: that is no lack of memory. */
  besideClosing({ bookings }: Pick<Place, 'bookings'>, roomAt: Instant): Instant {
    return roomAt <= this.memory.opensAt(bookings) ? this.now : roomAt;
  }

  /** Whether a replica leaves for a job before this one. */
  isLeaving({ id }: Pick<Ready, 'id'>): boolean {
    return this.leaving.has(id);
  }

  /** When others may first leave for a load at a place by the swap budget of its devices. */
  swapAt(place: Place): Instant {
    let at = this.now;
    for (const account of devicesSwapped(place))
      at = Math.max(at, swapsAgainAt(this.fleet, this.swapsOf(account)));
    return at;
  }

  /** When the drain of a replica can begin. */
  drainableFrom(replica: Ready): Instant {
    return Math.max(this.now, residentUntil(this.fleet, replica));
  }

  /**
   * When the memory of a replica is free whose drain begins at `from`: its leases end, the configs beside it are told, and
   * then it is unloaded. Until a later drain begins it may be used, so that a whole lease is counted from then.
   */
  freedBy(replica: Ready, from: Instant): Instant {
    const leased = from > this.now ? from + usualLease(this.fleet, replica.model) : this.now;
    const { inUseUntil, server } = replica;
    return Math.max(leased, inUseUntil, this.memory.toldBy(server)) + this.unloadTime(server);
  }

  /** When nothing of its own keeps a replica from being unloaded, if it is told to leave as soon as it may. */
  emptiedBy(replica: Ready): Instant {
    return Math.max(this.drainableFrom(replica), replica.inUseUntil, this.memory.toldBy(replica.server));
  }

  /** How long before its load begins the drain of a replica has to begin. */
  leadOf({ model, server }: Pick<Ready, 'model' | 'server'>): Millis {
    return usualLease(this.fleet, model) + this.unloadTime(server);
  }

  /** The reading of its use, and the unload. */
  unloadTime(id: ServerId): Millis {
    const server = this.fleet.servers.get(id)!;
    return server.lookTook + unloadForecast(server).p50;
  }

  loadOf(job: Job, place: Place): Forecast {
    return loadForecast(this.fleet, job.model, place.server.spec.id);
  }

  /** Adds a job to the schedule: what it takes is no more for those behind it. What is blocked keeps no slot. */
  add(forecast: JobForecast): void {
    const { job, place, start } = forecast;
    if (start.at === Infinity) return;
    if (place) this.addTo(place, forecast);
    else if (job.placed) this.addPlaced(job.placed, forecast);
  }

  /** It takes what was promised to it: not what is free later, for others, when it begins. */
  private addPlaced(placed: Placed, { job, start, load, ready, roomAt }: JobForecast): void {
    this.memory.take(placed.bookings, roomAt);
    this.addCopy(job, placed.server, placed.bookings, ready);
    if (isBlocked(this.fleet, this.inWork, placed, this.now)) return;
    this.slots.on(placed.server).take(placed.devices, start, load);
  }

  private addTo(place: Place, forecast: JobForecast): void {
    const { job, victims, frees, isSwap, placeAt, start, load, ready } = forecast;
    if (job.rank === PINNED) this.sites.take(job.want!, place);
    this.slots.on(place.server.spec.id).take(place.devices, start, load);
    this.addCopy(job, place.server.spec.id, place.bookings, ready);
    for (const one of victims) {
      const at = Math.min(start.at, this.freedBy(one, placeAt));
      this.leaves({ copies: [one.id], bookings: one.bookings, at });
    }
    for (const one of frees) this.leaves(one);
    this.takeFor(place.bookings, start.at);
    if (placeAt <= this.now) this.present.promise(besides(place.bookings, victims));
    if (isSwap) this.noteSwap(place, placeAt);
  }

  /** What a pin or the operator's word brings does not leave again. */
  private addCopy(job: Job, server: ServerId, bookings: readonly Booking[], ready: Forecast): void {
    if (job.rank === PINNED || job.isDue) return;
    const copy = { id: replicaId(job.model, server), model: job.model, server, bookings, ready };
    this.coming.add(copy);
    this.earliestRoom.add(copy);
  }

  private leaves({ copies, bookings, at }: Freed): void {
    for (const id of copies) this.leaving.add(id);
    for (const { account } of bookings) this.left.add(account);
    this.ledger.leave(bookings);
    this.memory.add(bookings, at);
  }

  private takeFor(bookings: readonly Booking[], begins: Instant): void {
    this.ledger.promise(bookings);
    this.memory.take(bookings, begins);
  }

  private noteSwap(place: Place, at: Instant): void {
    for (const account of devicesSwapped(place))
      this.swaps.set(
        account,
        [...this.swapsOf(account), at].sort((one, other) => one - other),
      );
  }

  private swapsOf(account: AccountId): readonly Instant[] {
    return this.swaps.get(account) ?? this.fleet.swaps.get(account) ?? [];
  }
}

/** The forecast of a load that begins at a moment. */
export function readyAfter({ at, variance }: Start, { p50, p90 }: Forecast): Forecast {
  const by = at + p50;
  return { p50: by, p90: by + Math.sqrt(variance + (p90 - p50) ** 2) };
}

const NEVER: Forecast = { p50: Infinity, p90: Infinity };

/** The forecast of a job for which no place is in sight. */
export const nowhere = (job: Job, load: Forecast, roomAt: Instant): JobForecast => ({
  job,
  place: null,
  victims: [],
  frees: [],
  isSwap: false,
  placeAt: Infinity,
  start: { at: Infinity, variance: 0 },
  load,
  ready: NEVER,
  roomAt,
});

/** The forecast of a job whose load begins at `start`; `parts` is what differs from a job without a place. */
export const startingAt = (
  job: Job,
  load: Forecast,
  start: Start,
  parts: Pick<JobForecast, 'placeAt' | 'roomAt'> & Partial<JobForecast>,
): JobForecast => ({ ...nowhere(job, load, parts.roomAt), start, ready: readyAfter(start, load), ...parts });
