import type { Now } from '../numbers/now.js';
import type { Action, Refusal } from '../fleet/actions.js';
import { type Fleet, replicasOf, type Request } from '../fleet/fleet.js';
import type { ModelId, TenantId } from '../fleet/ids.js';
import { endWaiting, requestsFor } from '../fleet/waiting.js';
import { hasOverrun, isForeseen, loadForecast, restOfLoad } from '../learned/load-forecast.js';
import { charge, overShare } from '../learned/shares.js';
import type { Instant } from '../fleet/model.js';
import { isLoading, type Replica } from '../fleet/replica.js';
import { areLoadsStopped, isSettling } from '../fleet/standing.js';
import { rankOf } from '../demand/rank.js';
import { noteBestEffort } from '../demand/best-effort.js';
import { areOver, type Job, withOne } from '../loading/job.js';
import type { Line } from '../loading/line.js';
import { byPrecedence } from '../loading/precedence.js';
import type { JobForecast } from '../loading/schedule.js';
import { Preemption } from '../placement/preempt.js';
import { Hints } from './hints.js';
import { refusal } from './refuse.js';
import { RefusedAlike } from './refused-alike.js';

/**
 * Judges each request for a cold model once, when it comes; of those of one turn the higher class first, so that what is
 * promised is not outranked by another of them. It is promised a route, or refused at once, or waits without a promise where
 * there is no forecast to go by. Later requests take no promise away, but for those of a higher class or of a tenant under
 * its share (Clockwork, OSDI 2020; conservative backfilling: every job has a reservation).
 */
export function admit(fleet: Fleet, line: Line, now: Now): Action[] {
  const refused: Action[] = [];
  const admission = new Admission(fleet, line, now);
  const come = [...fleet.waiting.values()].filter(({ id }) => !fleet.promises.has(id));
  for (const request of come.toSorted((one, other) => rankOf(other.class) - rankOf(one.class))) {
    const { why } = admission.judge(request);
    if (why) refused.push(refuseAdmission(fleet, request, why, now));
  }
  for (const [request, why] of admission.displaced)
    refused.push(refuseAdmission(fleet, request, why, now, 'share'));
  return refused;
}

/** Forgets the promises to answered requests: each answer said whether its promise was kept. */
export function forgetAnswered({ promises, lost, waiting }: Fleet): void {
  for (const known of [promises, lost]) for (const id of known.keys()) if (!waiting.has(id)) known.delete(id);
}

/** A refused request still counts as demand where its model says so: the next one may find it warm. */
export function refuseAdmission(
  fleet: Fleet,
  request: Request,
  why: Refusal,
  now: Now,
  broken?: 'share',
): Action {
  endWaiting(fleet, request.id);
  if (fleet.models.get(request.model)?.coldStart.loadWhenShed) noteBestEffort(fleet, request.model, now);
  return refusal(fleet, request, why, now, broken);
}

/** How a request for a cold model was judged. */
interface AdmissionVerdict {
  /** The forecast of its job; undefined where its load runs, or where no copy is lacking. */
  readonly forecast?: JobForecast | undefined;
  /** Why it is refused; undefined where it waits. */
  readonly why?: Refusal | undefined;
}

/** Judges requests one after the other. Writes promises and charges into the fleet, and jobs into the line. */
class Admission {
  /** Requests that lost their places in time to another tenant, and what they are told. */
  readonly displaced = new Map<Request, Refusal>();
  private readonly refused = new RefusedAlike();
  private readonly hints: Hints;
  private readonly isUncertain: boolean;
  /** Which tenants were over their share when the first of these requests was judged, or since the last charge. */
  private share: ReturnType<typeof overShare> | null = null;

  constructor(
    private readonly fleet: Fleet,
    private readonly line: Line,
    private readonly now: Now,
  ) {
    this.hints = new Hints(fleet, line, now);
    this.isUncertain = areLoadsStopped(fleet) || isSettling(fleet, now);
  }

  judge(request: Request): AdmissionVerdict {
    const { fleet } = this;
    const { model, deadline } = request;
    if (this.isUncertain || !this.isForeseeable(model)) return this.leave(request);
    const running = replicasOf(fleet, model).filter(isLoading);
    if (running.length > 0) return this.judgeRunning(request, running);
    const isForLate = this.hints.loadedBy(model) > deadline;
    const forecast = this.line.of(model);
    if (forecast && forecast.ready.p90 <= deadline && this.joins(request, forecast.job, deadline))
      return this.promise(request);
    return isForLate ? this.tooLate(request, forecast) : this.tryAt(request, forecast);
  }

  /** Tries the job of its model where this request puts it in the line: see `Line.tryWith`. */
  private tryAt(request: Request, forecast: JobForecast | undefined): AdmissionVerdict {
    const known = this.refused.of(request, this.line.all);
    if (known) return this.tooLate(request, known);
    if (!forecast?.job.placed) return this.insert(request);
    if (this.moveForward(request, forecast.job)) return this.promise(request);
    this.refused.note(request, this.line.all, forecast);
    return this.tooLate(request, forecast);
  }

  /**
   * Whether there is a forecast to go by: not where the time of a load is a guess, a load overran, a ready copy is on a
   * server that may be back at once, or its place is on a closed device of which no forecast knows when it opens.
   */
  private isForeseeable(model: ModelId): boolean {
    const { fleet, now } = this;
    if (!isForeseen(fleet, model)) return false;
    const replicas = replicasOf(fleet, model);
    if (replicas.some((one) => one.phase === 'ready' || hasOverrun(fleet, one, now))) return false;
    const known = this.line.of(model);
    if (known?.start.at === Infinity && known.roomAt <= now.stamp) return false;
    return replicas.some(isLoading) || this.line.wantOf(model) !== undefined || known !== undefined;
  }

  /** Lets it wait without a promise. It delays no promise. */
  private leave(request: Request): AdmissionVerdict {
    this.fleet.promises.set(request.id, null);
    this.count(request);
    return { forecast: this.line.of(request.model) };
  }

  /** The job of its model, where one is wanted, has one request more, and that moves nothing. */
  private count(request: Request): void {
    const { line } = this;
    const known = line.of(request.model);
    if (known && this.joins(request, known.job, known.job.neededBy)) return;
    if (line.wantOf(request.model) && !known?.job.placed) line.put(this.jobWith(request, Infinity));
  }

  private judgeRunning(request: Request, running: readonly Replica[]): AdmissionVerdict {
    const { fleet, now } = this;
    const ready = now.stamp + Math.min(...running.map((one) => restOfLoad(fleet, one, now).p90));
    if (ready > request.deadline)
      return { why: { reason: 'deadline_unreachable', retryAfter: this.hints.for(request, ready) } };
    fleet.promises.set(request.id, ready);
    // Where the server of that load drains, one elsewhere is wanted as well.
    this.count(request);
    return {};
  }

  /** Counts it among those that wait for a job, unless its class, its deadline or its tenant would move the job in the line. */
  private joins(request: Request, job: Job, neededBy: Instant): boolean {
    const joined = this.joinedBy(job, request, neededBy);
    const isRaised = job.placed === null && rankOf(request.class) > job.rank;
    const isIn = !isRaised && byPrecedence(joined, job) === 0;
    if (isIn) this.line.update(joined);
    return isIn;
  }

  /** Moves a job that has its place to where this request puts it in the line, if that breaks no promise and is in time. */
  private moveForward(request: Request, job: Job): boolean {
    const joined = this.joinedBy(job, request, request.deadline);
    if (byPrecedence(joined, job) === 0) return false;
    const { isIn, displaced } = this.line.tryWith(joined, request.deadline);
    for (const one of displaced) this.displace(one, joined);
    return isIn;
  }

  /** It waits for the job that it has joined. */
  private promise(request: Request): AdmissionVerdict {
    const forecast = this.line.of(request.model)!;
    this.fleet.promises.set(request.id, forecast.ready.p90);
    return { forecast };
  }

  /** The job as it is with this request added. */
  private joinedBy(job: Job, request: Request, neededBy: Instant): Job {
    const waiting = withOne(job.waiting, request, neededBy);
    this.share ??= overShare(this.fleet, this.now);
    const isOverShare = (job.waiting.count === 0 || job.isOverShare) && this.share(request.tenant);
    return { ...job, waiting, neededBy: waiting.neededBy, isOverShare };
  }

  /** Puts its job into the line, or moves it forward, where that breaks no promise. */
  private insert(request: Request): AdmissionVerdict {
    const { fleet, line, now } = this;
    const { model, tenant, deadline: by } = request;
    // A job is charged once, whichever requests join it.
    const cost = fleet.charges.has(model) ? 0 : loadForecast(fleet, model, null).p50;
    const share = overShare(fleet, now);
    const isOver = (one: TenantId): boolean => share(one, { to: tenant, cost });
    const asked = this.jobWith(request, by);
    const job = { ...asked, isOverShare: areOver(asked.waiting, isOver) };
    const { forecast, isIn, displaced } = line.tryWith(job, by, isOver);
    if (!forecast.place && forecast.roomAt <= now.stamp) return this.leave(request);
    const promised = isIn ? forecast : this.inPlaceOfLower(forecast, by);
    if (!promised) {
      this.refused.note(request, line.all, forecast);
      return this.tooLate(request, forecast);
    }
    if (!isIn) line.put(job);
    fleet.promises.set(request.id, promised.ready.p90);
    charge(fleet, model, tenant, cost, now);
    this.share = null;
    for (const one of displaced) this.displace(one, job);
    return { forecast: promised };
  }

  /** The forecast of a job that is too late, in the place of a lower class that it preempts; undefined where none is in time. */
  private inPlaceOfLower(forecast: JobForecast, by: Instant): JobForecast | undefined {
    const { fleet, line, now } = this;
    if (forecast.ready.p90 <= by) return undefined;
    const found = new Preemption(fleet, line, now).forecastOf(forecast);
    return found && found.ready.p90 <= by ? found : undefined;
  }

  /** Refuses the requests of a job that lost its time to a tenant under its share. Those of an outranked job wait on. */
  private displace(job: Job, by: Job): void {
    if (job.band !== by.band) return;
    const ready = this.line.of(job.model)?.ready.p90 ?? Infinity;
    for (const request of requestsFor(this.fleet, job.model)) {
      if (request.deadline >= ready || this.fleet.promises.get(request.id) == null) continue;
      if (!this.displaced.has(request))
        this.displaced.set(request, { reason: 'over_share', retryAfter: this.hints.for(request, ready) });
    }
  }

  private tooLate(request: Request, forecast: JobForecast | undefined): AdmissionVerdict {
    const roomAt = forecast?.roomAt ?? this.now.stamp;
    const reason = roomAt >= request.deadline ? 'no_capacity' : 'deadline_unreachable';
    const known = this.line.of(request.model) ?? forecast;
    const ready = known?.job.placed
      ? known.ready.p90
      : this.hints.readyAtEnd(request.model, () => this.jobWith(request, Infinity));
    return { forecast, why: { reason, retryAfter: this.hints.for(request, ready) } };
  }

  /** The job of its model with this request added, whether or not the line has one. */
  private jobWith(request: Request, neededBy: Instant): Job {
    const { line } = this;
    return line.jobs.of(this.wantAs(request), withOne(line.waitingFor(request.model), request, neededBy));
  }

  /** The want at the rank that this request and those judged before it give it. */
  private wantAs({ model, class: of }: Request) {
    const want = this.line.wantOf(model)!;
    if (!want.isAsked) return want;
    const known = this.line.of(model)?.job;
    const rank = Math.max(rankOf(of), known && known.waiting.count > 0 ? known.rank : 0);
    return { ...want, rank };
  }
}
