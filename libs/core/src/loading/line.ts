import type { Now } from '../numbers/now.js';
import type { JobInLine } from '../fleet/kept.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ModelId, TenantId } from '../fleet/ids.js';
import { p10Of } from '../learned/load-times.js';
import type { Instant } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import { presentCopies, type Want } from '../demand/wants.js';
import { areOver, isAlike, type Job, Jobs, type Waiting } from './job.js';
import { byPrecedence } from './precedence.js';
import { reserve, roomFor } from './reserve.js';
import { inLine } from './note-line.js';
import { type JobForecast, Schedule } from './schedule.js';

/**
 * Every load that is going to happen, in order, with the forecast of when its model will be ready. A job stands behind
 * those that go first, and takes from them neither time nor memory.
 */
export class Line {
  readonly jobs: Jobs;
  private forecasts: readonly JobForecast[] = [];
  private byModel = { of: this.forecasts, known: new Map<ModelId, JobForecast>() };
  private schedule: Schedule;
  private readonly wants = new Map<ModelId, Want>();
  /** Where each job was to be loaded when the line was last worked out. */
  private readonly homes = new Map<ModelId, JobInLine>();

  /**
   * Wants for which only requests wait that were not judged yet join later: see `tryWith`. `before` is the line of the same
   * turn, since which requests were answered and nothing else has changed: what is ahead of them keeps its forecast.
   */
  constructor(
    private readonly fleet: Fleet,
    wants: readonly Want[],
    readonly open: readonly Server[],
    private readonly now: Now,
    before?: Line,
  ) {
    this.jobs = new Jobs(fleet, wants, now);
    this.schedule = new Schedule(fleet, open, now);
    for (const want of wants) if (!this.wants.has(want.model.id)) this.wants.set(want.model.id, want);
    const standing = [...this.wants.values()]
      .filter((want) => this.isNext(want))
      .map((want) => this.jobs.of(want));
    const jobs = [...this.jobs.placed(), ...standing.filter(isInLine)].toSorted(byPrecedence);
    const known = before ? this.sameAs(before, jobs) : [];
    for (const one of known) this.schedule.add(one);
    for (const [model, job] of fleet.line) this.homes.set(model, job);
    for (const one of before?.all ?? []) this.homes.set(one.job.model, inLine(one));
    this.forecasts = [...known, ...this.pass(this.schedule, jobs.slice(known.length))];
  }

  private pass(schedule: Schedule, jobs: readonly Job[]): JobForecast[] {
    return jobs.map((job) => {
      const forecast = this.reserve(schedule, job);
      schedule.add(forecast);
      return forecast;
    });
  }

  private reserve(schedule: Schedule, job: Job): JobForecast {
    // Best-effort demand does not stand in line, so nothing keeps its place from turn to turn.
    if (!isInLine(job)) return reserve(schedule, job, undefined);
    const known = job.placed ? undefined : this.of(job.model);
    return reserve(schedule, job, known ? inLine(known) : this.homes.get(job.model));
  }

  /** The forecasts, in the order of the line. */
  get all(): readonly JobForecast[] {
    return this.forecasts;
  }

  /** The forecast of the job that is to load a model; undefined where none stands in line. */
  of(model: ModelId): JobForecast | undefined {
    if (this.byModel.of !== this.forecasts) {
      const known = new Map<ModelId, JobForecast>();
      for (const one of this.forecasts) if (!known.has(one.job.model)) known.set(one.job.model, one);
      this.byModel = { of: this.forecasts, known };
    }
    return this.byModel.known.get(model);
  }

  /** What one more job would get at its place in line, whichever jobs it displaces. */
  propose(job: Job): JobForecast {
    return this.attempt(job).forecast;
  }

  /** Puts a job into the line, in place of the one of its model, whatever that breaks. */
  put(job: Job): void {
    this.carryOut(this.attempt(job));
  }

  /** More requests wait for a job for which some do already, none with an earlier deadline: its place and its forecast stay. */
  update(job: Job): void {
    this.forecasts = this.forecasts.map((one) => (jobKey(one.job) === jobKey(job) ? { ...one, job } : one));
  }

  /** The requests that wait for a model, as far as they were judged. */
  waitingFor(model: ModelId): Waiting {
    return this.of(model)?.job.waiting ?? this.jobs.waitingFor(model);
  }

  /** Whether any server could begin a load now beside those in line. */
  isAnySlotFree(): boolean {
    return this.open.some((server) => this.schedule.slots.on(server.spec.id).isAnyFree(server));
  }

  /** Whether there could be room now for a job behind all others. */
  isRoomFor = (job: Job): boolean => roomFor(this.schedule, job) <= this.now.stamp;

  /** The forecast of what is wanted, whether it stands in line or not. */
  forecastFor(model: ModelId): JobForecast | undefined {
    const want = this.wants.get(model);
    return this.of(model) ?? (want && this.propose(this.jobs.of(want)));
  }

  wantOf(model: ModelId): Want | undefined {
    return this.wants.get(model);
  }

  /**
   * Puts a job into the line, in place of the one of its model, if its model is ready there in time, and if no promise that
   * may hold without it breaks or comes later. Those of a lower class, or of a tenant over its share where its own is not, do
   * not count; `isOver` tells that of each tenant as it is once this job is charged.
   */
  tryWith(job: Job, by: Instant, isOver?: (tenant: TenantId) => boolean): JoinTrial {
    const attempt = this.attempt(job, isOver);
    const { forecast } = attempt;
    if (forecast.ready.p90 > by) return { forecast, isIn: false, displaced: [] };
    const before = this.forecasts;
    const undo = this.schedule;
    this.carryOut(attempt);
    const broken = brokenAmong(before, this.forecasts, job);
    const isIn = broken.every((one) => mayDisplace(job, one));
    if (!isIn) {
      this.forecasts = before;
      this.schedule = undo;
    }
    return { forecast, isIn, displaced: isIn ? broken : [] };
  }

  /** The forecast of a job at its place in line, in place of the one of its model. What is ahead of it stays as it is. */
  private attempt(job: Job, isOver?: (tenant: TenantId) => boolean): Attempt {
    const others = this.forecasts.filter((one) => jobKey(one.job) !== jobKey(job));
    const jobs = others.map((one) => (isOver ? withShare(one.job, isOver) : one.job));
    const order = [...jobs, job].toSorted(byPrecedence);
    const place = order.indexOf(job);
    const isSame = (one: Job, nth: number): boolean => one === this.forecasts[nth]?.job;
    const isLast = place === this.forecasts.length && jobs.every(isSame);
    if (isLast) {
      const { schedule, forecasts } = this;
      return { schedule, ahead: forecasts, forecast: this.reserve(schedule, job), behind: [] };
    }
    const schedule = new Schedule(this.fleet, this.open, this.now);
    const moved = order.findIndex((one, nth) => !isSame(one, nth));
    const known = this.forecasts.slice(0, Math.min(moved, place));
    for (const one of known) schedule.add(one);
    const ahead = [...known, ...this.pass(schedule, order.slice(known.length, place))];
    return { schedule, ahead, forecast: this.reserve(schedule, job), behind: order.slice(place + 1) };
  }

  private carryOut({ schedule, ahead, forecast, behind }: Attempt): void {
    schedule.add(forecast);
    this.schedule = schedule;
    this.forecasts = [...ahead, forecast, ...this.pass(schedule, behind)];
  }

  /**
   * The forecasts ahead of the first of these jobs that is another than it was; none where copies may leave now that requests
   * waited for.
   */
  private sameAs({ schedule, forecasts }: Line, jobs: readonly Job[]): readonly JobForecast[] {
    const { fleet } = this;
    const mayLeave = (id: ModelId): boolean => !this.schedule.awaited.has(id) && fleet.holders.has(id);
    if ([...schedule.awaited].some(mayLeave)) return [];
    const other = jobs.findIndex((job, nth) => !isAlike(job, forecasts[nth]?.job));
    const ahead = other < 0 ? jobs : jobs.slice(0, other);
    return ahead.map((job, nth) => ({ ...forecasts[nth]!, job }));
  }

  /** Whether the next copy that a model lacks is one of this want. */
  private isNext({ model, after }: Want): boolean {
    return presentCopies(this.fleet, model.id, this.now) >= after;
  }
}

/** A job for which no request waits and no operator asks joins the line only where nothing is promised: see `BestEffort`. */
const isInLine = ({ isOrdered, waiting, want }: Job): boolean =>
  isOrdered || waiting.count > 0 || want?.isExtra === true;

function withShare(job: Job, isOver: (tenant: TenantId) => boolean): Job {
  const isOverShare = areOver(job.waiting, isOver);
  return isOverShare === job.isOverShare ? job : { ...job, isOverShare };
}

/** Whether its promise should be kept. */
const holds = ({ job, ready }: JobForecast): boolean => ready.p90 <= job.neededBy;

/** Whether its promise is kept if its load is among the shortest. */
export const mayHold = ({ job, start, load }: JobForecast): boolean => start.at + p10Of(load) <= job.neededBy;

/**
 * The jobs with a promise that may be kept before, and is in danger or in more of it after a job has come between. What was
 * promised before a load failed was lost with it.
 */
function brokenAmong(before: readonly JobForecast[], after: readonly JobForecast[], by: Job): readonly Job[] {
  const known = new Map(before.map((one) => [jobKey(one.job), one]));
  return after.flatMap((one) => {
    if (one.job === by || one.job.isRetry || one.job.neededBy === Infinity || holds(one)) return [];
    const was = known.get(jobKey(one.job));
    return was && mayHold(was) && was.ready.p90 < one.ready.p90 ? [one.job] : [];
  });
}

const jobKey = (job: Job): string => job.placed?.id ?? job.model;

const mayDisplace = (by: Job, one: Job): boolean =>
  one.band > by.band || (one.band === by.band && one.isOverShare && !by.isOverShare);

/** What comes of a job that tries to join the line. */
interface JoinTrial {
  /** In the line, or as it would have been. */
  readonly forecast: JobForecast;
  readonly isIn: boolean;
  /** The jobs whose promises it breaks. */
  readonly displaced: readonly Job[];
}

/** What becomes of the line with one job more: the forecasts ahead of it, its own, and the jobs behind it. */
interface Attempt {
  readonly schedule: Schedule;
  readonly ahead: readonly JobForecast[];
  readonly forecast: JobForecast;
  readonly behind: readonly Job[];
}
