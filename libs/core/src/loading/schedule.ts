import type { Now } from '../numbers/now.js';
import { type Fleet, unsettled } from '../fleet/fleet.js';
import type { AccountId, ModelId, ServerId } from '../fleet/ids.js';
import { PINNED } from '../demand/rank.js';
import { unreadDevices } from '../learned/closing.js';
import { loadForecast } from '../learned/load-forecast.js';
import type { Forecast } from '../learned/load-times.js';
import { unloadForecast } from '../learned/unload-times.js';
import { bytesOn } from '../fleet/meter.js';
import { Ledger } from '../memory/ledger.js';
import { isConfigKnown } from '../memory/pending.js';
import { madeOnce } from '../numbers/groups.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Placed } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { SitesBesidePins } from '../room/fit-pins.js';
import type { Place } from '../room/places.js';
import { evictionDevices, evictsAgainAt } from '../room/evictions.js';
import { awaitedModels } from '../room/victims.js';
import { after } from './chunks.js';
import { Curves } from './curves.js';
import { InWork, isBlocked, isOfAnyFamily } from './in-work.js';
import type { Job } from './job.js';
import { type Leavable, toCome } from './leavable.js';
import { ServerSlots, type Start } from './slots.js';

/** What a job reserves: a place, a slot and a moment. Instants; infinite where there is no telling. */
export interface JobForecast {
  readonly job: Job;
  readonly place: Place | null;
  /** The copies that are counted on to leave for it. Which ones do is chosen when it gets its place. */
  readonly leaving: readonly Leaving[];
  /** When the job gets its place: what leaves for it begins to drain then. */
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
  /** The first moment to come from which on a copy at its place may be told to leave that may not now. */
  readonly tellableAt: Instant;
  /** When it was last asked at every place. */
  readonly searchedAt: Instant;
}

/** Worth, use and slots change: at whole seconds a job without a promise looks for a better place. */
const SEARCHED_EVERY: Millis = 1_000;

/** When a job looks at all places again that did so at a moment. */
export const nextSearch = (at: Instant): Instant => (Math.floor(at / SEARCHED_EVERY) + 1) * SEARCHED_EVERY;

/** A copy that is counted on, and when its memory is free. */
export interface Leaving {
  readonly copy: Leavable;
  readonly at: Forecast;
  /** Whether it has to be told to leave; else it leaves by itself. */
  readonly isTold: boolean;
}

/** What the jobs of one pass over the line have reserved: slots, memory, and evictions of a minute. */
export class Schedule {
  readonly ledger: Ledger;
  private readonly present: Ledger;
  readonly curves: Curves;
  readonly inWork: InWork;
  readonly slots: ServerSlots;
  readonly sites: SitesBesidePins;
  private readonly busy: ReadonlySet<ServerId>;
  readonly awaited: ReadonlySet<ModelId>;
  /** The closed devices of which there is no telling when they open. */
  readonly unread: ReadonlySet<AccountId>;
  /** The accounts of which jobs before this one have reserved memory without having their places. */
  private readonly reserved = new Set<AccountId>();
  private readonly evictions = new Map<AccountId, readonly Instant[]>();
  private readonly unloads = new Map<ServerId, Forecast>();

  constructor(
    readonly fleet: Fleet,
    readonly open: readonly Server[],
    readonly now: Now,
  ) {
    this.ledger = new Ledger(fleet, now);
    this.present = new Ledger(fleet, now);
    this.awaited = awaitedModels(fleet, now);
    this.slots = new ServerSlots(fleet, now);
    this.curves = new Curves(fleet, this.ledger, this.slots, now);
    this.inWork = new InWork(fleet, now);
    this.sites = new SitesBesidePins(fleet, open, now);
    this.unread = unreadDevices(fleet, now);
    this.busy = new Set(unsettled(fleet).map(({ server }) => server));
  }

  /** When a load can begin on these devices whose memory is free from a moment on. */
  startOn(
    { spec }: Server,
    devices: readonly number[],
    from: Instant,
    load: Forecast,
    isPending: boolean,
  ): Start {
    const isQuiet = !this.busy.has(spec.id) && !this.slots.ifAskedFor(spec.id);
    return isQuiet
      ? { at: from, variance: 0 }
      : this.slots.on(spec.id).earliest(devices, from, load, isPending);
  }

  /** Whether the config of what a job loads is pending. */
  isPending = ({ model, placed }: Job): boolean =>
    placed ? isOfAnyFamily(this.fleet, placed) : !isConfigKnown(this.fleet, model);

  /** Whether a place could be promised now: all it needs is free or drains already, besides what these hold. */
  isOnItsWay({ bookings }: Place, leaving: readonly Leavable[]): boolean {
    return this.present.fitsSpare(besides(bookings, leaving));
  }

  /** Whether a job before this one counts on memory of the same accounts and has no place yet: it would lose what is free first. */
  isReservedAhead = ({ bookings }: Place): boolean =>
    bookings.some(({ account, bytes }) => bytes > 0 && this.reserved.has(account));

  /** When others may first leave for a load at a place by the limit of a minute. */
  evictsAt(place: Place): Instant {
    let at = this.now.stamp;
    for (const account of evictionDevices(place))
      at = Math.max(at, evictsAgainAt(this.fleet, this.evictionsOf(account)));
    return at;
  }

  /** How long the memory of a copy takes to be free once nothing keeps it: the reading of its use, and the unload. */
  unloadOn(id: ServerId): Forecast {
    return madeOnce(this.unloads, id, () => {
      const server = this.fleet.servers.get(id)!;
      return after(server.lookTook, unloadForecast(server));
    });
  }

  loadOf(job: Job, place: Place): Forecast {
    return loadForecast(this.fleet, job.model, place.server.spec.id);
  }

  /** Adds what a job has reserved: it is no more for those behind it. What is blocked keeps no slot. */
  add(forecast: JobForecast): void {
    const { job, place, start, ready } = forecast;
    if (start.at === Infinity) return;
    if (place) this.addTo(place, forecast);
    else if (job.placed) this.addPlaced(job, job.placed, start.at, ready);
  }

  private addPlaced(job: Job, placed: Placed, begins: Instant, ready: Forecast): void {
    this.bring(job, placed, ready);
    if (isBlocked(this.fleet, this.inWork, placed, this.now)) return;
    this.slots.on(placed.server).take(placed.devices, begins, ready, this.isPending(job));
  }

  private addTo(place: Place, { job, leaving, placeAt, start, ready }: JobForecast): void {
    const server = place.server.spec.id;
    const copies = leaving.map(({ copy }) => copy);
    if (job.rank === PINNED) this.sites.take(job.want!, place);
    this.slots.on(server).take(place.devices, start.at, ready, this.isPending(job));
    for (const { copy, at } of leaving) this.curves.release(copy, at);
    this.curves.take(place.bookings, start.at);
    this.bring(job, { model: job.model, server, bookings: place.bookings }, ready);
    if (placeAt > this.now.stamp) for (const { account } of place.bookings) this.reserved.add(account);
    else this.present.promise(besides(place.bookings, copies));
    if (leaving.some(({ isTold }) => isTold)) this.noteEviction(place, placeAt);
  }

  /** What a pin or an order of the operator loads does not leave again. */
  private bring(job: Job, copy: Pick<Leavable, 'model' | 'server' | 'bookings'>, { p50 }: Forecast): void {
    if (job.rank !== PINNED && !job.isOrdered) this.curves.bring(toCome(this.fleet, copy, p50, this.now));
  }

  private noteEviction(place: Place, at: Instant): void {
    for (const account of evictionDevices(place))
      this.evictions.set(
        account,
        [...this.evictionsOf(account), at].sort((one, other) => one - other),
      );
  }

  private evictionsOf(account: AccountId): readonly Instant[] {
    return this.evictions.get(account) ?? this.fleet.evictions.get(account) ?? [];
  }
}

/** What is needed of memory besides that of copies that leave; negative where they leave more. */
export const besides = (bookings: Place['bookings'], leaving: readonly Leavable[]): Place['bookings'] =>
  bookings.map(({ account, bytes }) => ({
    account,
    bytes: leaving.reduce((rest, one) => rest - bytesOn(account, one.bookings), bytes),
  }));

const NEVER: Forecast = { p50: Infinity, p90: Infinity };

/** The forecast of a job for which no place is in sight. */
export const nowhere = (job: Job, load: Forecast, roomAt: Instant, searchedAt: Instant): JobForecast => ({
  job,
  place: null,
  leaving: [],
  placeAt: Infinity,
  start: { at: Infinity, variance: 0 },
  load,
  ready: NEVER,
  roomAt,
  tellableAt: Infinity,
  searchedAt,
});

/**
 * When a model is ready whose load begins at a moment, and whose memory is free by another nine times of ten: the P90 is the
 * P50 and the root of the sum of squares along the slot.
 */
export function readyAfter({ at, variance }: Start, free: Instant, { p50, p90 }: Forecast): Forecast {
  const from = Math.max(at, free);
  if (from === Infinity) return { p50: at + p50, p90: Infinity };
  const beyond = Math.max(0, at + Math.sqrt(variance) - from);
  return { p50: at + p50, p90: from + p50 + Math.sqrt(beyond ** 2 + (p90 - p50) ** 2) };
}
