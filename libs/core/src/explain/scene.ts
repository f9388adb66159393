import type { Fleet, Request } from '../fleet/fleet.js';
import type { AccountId, ModelId, ReplicaId, RequestId, ServerId, TenantId } from '../fleet/ids.js';
import { Ledger } from '../memory/ledger.js';
import type { Bytes, Instant, Model } from '../fleet/model.js';
import { Room } from '../room/feasible.js';
import { type Place, placesOn } from '../room/places.js';
import { planFor } from '../room/plan-victims.js';
import { grouped } from '../numbers/groups.js';
import { replicasIn, victimsAt, type VictimTest, victimTest } from '../room/victims.js';
import { mayBeLoaded, presentCopies, type Want, wantFor, wantsNow } from '../demand/wants.js';
import { residentUntil } from '../fleet/idle-rule.js';
import { Admission, type AdmissionVerdict } from '../answers/admission.js';
import { type Job, Jobs } from '../loading/job.js';
import type { Booking, Phase, Ready, Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { openServers } from '../fleet/standing.js';
import { type Hold, holdsAgainst } from './holds.js';
import { drainTime, takeOverflow } from '../answers/overflow.js';
import { plainRequest } from '../answers/request-of.js';
import { routableReplicas } from '../learned/routes.js';
import { Verdicts } from '../answers/verdicts.js';
import { Line } from '../loading/line.js';
import { added, TIME_CONSTANT } from '../numbers/decaying-sum.js';
import { tenantsWaiting } from '../fleet/waiting.js';
import { newIndex } from '../fleet/fleet-index.js';

/** A replica that holds memory which a place is short of, and what keeps it there. */
export interface WhyHolder {
  readonly replica: ReplicaId;
  readonly model: ModelId;
  readonly server: ServerId;
  readonly phase: Phase;
  readonly bytes: Bytes;
  readonly holds: readonly Hold[];
}

interface HeldBooking extends Booking {
  readonly replica: Replica;
}

/** What judging all places for one model needs of the whole fleet, worked out once: fleets are large. */
export class Scene {
  readonly ledger: Ledger;
  readonly room: Room;
  readonly open: readonly Server[];
  readonly want: Want;
  readonly job: Job;
  /** How a request for the model would be judged. */
  readonly supposed: AdmissionVerdict | null;
  private readonly keeping = new Map<ReplicaId, readonly Hold[]>();
  private readonly isDrainable: VictimTest;
  private holders: Map<AccountId, HeldBooking[]> | undefined;

  constructor(
    readonly fleet: Fleet,
    readonly model: Model,
    readonly now: Instant,
  ) {
    this.ledger = new Ledger(fleet, now);
    this.room = new Room(fleet);
    this.open = openServers(fleet, now);
    this.want = wantFor(fleet, model, now);
    this.job = new Jobs(fleet, wantsNow(fleet, now), now).of(this.want);
    const isVictim = victimTest(fleet, this.want, now);
    this.isDrainable = (one): one is Ready => isVictim(one) && residentUntil(fleet, one) <= now;
    this.supposed = supposedRequest(fleet, model, this.open, now);
  }

  /** The ways to put a copy on a server. */
  placesOn(server: Server): readonly Place[] {
    const { fleet, model } = this;
    return placesOn(fleet, server, model);
  }

  /** The replicas whose leaving would free enough of a place, none where nothing has to leave; null where none would. */
  victimsAt(place: Place): readonly ReplicaId[] | null {
    if (this.ledger.fitsSpare(place.bookings)) return [];
    return this.possibleAt(place);
  }

  /** What could free enough there now, whether or not it would be decided. */
  private possibleAt(place: Place): readonly ReplicaId[] | null {
    const { fleet, ledger, want } = this;
    const victims = victimsAt(fleet, this.isDrainable, place, ledger);
    const plan = planFor(fleet, ledger, place, want, victims);
    return plan ? Array.from(replicasIn(plan.victims), ({ id }) => id) : null;
  }

  /** The replicas that draw on an account, the largest first. */
  holdersOf(account: AccountId): WhyHolder[] {
    this.holders ??= this.findHolders();
    const found = (this.holders.get(account) ?? []).toSorted((a, b) => b.bytes - a.bytes);
    return found.map(({ replica, bytes }) => {
      const { id, model, server, phase } = replica;
      return { replica: id, model, server, phase, bytes, holds: this.holdsOn(replica) };
    });
  }

  private holdsOn(replica: Replica): readonly Hold[] {
    const known = this.keeping.get(replica.id);
    if (known) return known;
    const holds = holdsAgainst(this.fleet, replica, this.want, this.now);
    this.keeping.set(replica.id, holds);
    return holds;
  }

  private findHolders(): Map<AccountId, HeldBooking[]> {
    const holdings = [...this.fleet.replicas.values()].flatMap((replica) =>
      replica.bookings.map((booking) => ({ replica, ...booking })),
    );
    return grouped(
      holdings.filter(({ bytes }) => bytes > 0),
      ({ account }) => account,
    );
  }
}

/**
 * How a request for a cold model that came now and may wait as long as the model allows would be judged: whether any wait
 * would serve it, by admission, and by the bounds of the queues. Null where the model has a copy, may not be loaded, or lets no
 * request wait. The fleet is not changed.
 */
function supposedRequest(
  fleet: Readonly<Fleet>,
  model: Model,
  open: readonly Server[],
  now: Instant,
): AdmissionVerdict | null {
  if (!model.enabled || !mayBeLoaded(fleet, model.id) || model.coldStart.policy === 'shed') return null;
  if (routableReplicas(fleet, model.id).length > 0 || presentCopies(fleet, model.id, now) > 0) return null;
  const request = plainRequest('' as RequestId, model.id, mostCharged(fleet), model, now);
  const supposed = withRequest(fleet, request, now);
  const unservable = new Verdicts(supposed, open, now).on(request);
  const line = new Line(supposed, wantsNow(supposed, now), open, now);
  const verdict = new Admission(supposed, line, now).judge(request);
  if (unservable) return { ...verdict, why: unservable };
  const away = takeOverflow(supposed).find((one) => one.request === request);
  return away ? { ...verdict, why: { ...away.why, retryAfter: drainTime(fleet, model.id, now) } } : verdict;
}

/** The tenant that was charged most lately: a request of any other tenant would wait no longer. */
function mostCharged(fleet: Readonly<Fleet>): TenantId {
  let [most] = tenantsWaiting(fleet);
  let known = -Infinity;
  for (const [tenant, { sum, at }] of fleet.spending) {
    // All charges decay alike, so their order is the same at any moment.
    const key = Math.log(sum) + at / TIME_CONSTANT;
    if (key > known) [most, known] = [tenant, key];
  }
  return most ?? ('' as TenantId);
}

/** The fleet with the request in it, and copies of what admission writes into. */
const withRequest = (fleet: Readonly<Fleet>, request: Request, now: Instant): Fleet => ({
  ...fleet,
  waiting: new Map(fleet.waiting).set(request.id, request),
  awaitedSince: new Map(fleet.awaitedSince).set(request.model, fleet.awaitedSince.get(request.model) ?? now),
  asks: new Map(fleet.asks).set(request.model, added(fleet.asks.get(request.model), 1, now)),
  promises: new Map(fleet.promises),
  charges: new Map(fleet.charges),
  spending: new Map(fleet.spending),
  index: Object.assign(newIndex(), fleet.index, { waiting: null }),
});
