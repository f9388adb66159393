import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import type { AccountId, ModelId, ReplicaId, ServerId } from '../fleet/ids.js';
import { Ledger } from '../memory/ledger.js';
import type { Bytes, Model } from '../fleet/model.js';
import { SitesBesidePins } from '../room/fit-pins.js';
import { Room } from '../room/feasible.js';
import { type Place, placesOn } from '../room/places.js';
import { planFor } from '../room/plan-victims.js';
import { grouped } from '../numbers/groups.js';
import { replicasIn, victimsAt, type VictimTest, victimTest } from '../room/victims.js';
import { type Want, wantFor, wantsNow } from '../demand/wants.js';
import { residentUntil } from '../fleet/idle-rule.js';
import { type Job, Jobs } from '../loading/job.js';
import type { Booking, Phase, Ready, Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { openServers } from '../fleet/standing.js';
import { type Hold, holdsAgainst } from './holds.js';

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
  readonly sites: SitesBesidePins;
  readonly job: Job;
  private readonly keeping = new Map<ReplicaId, readonly Hold[]>();
  private readonly isDrainable: VictimTest;
  private holders: Map<AccountId, HeldBooking[]> | undefined;

  constructor(
    readonly fleet: Fleet,
    readonly model: Model,
    readonly now: Now,
  ) {
    this.ledger = new Ledger(fleet, now);
    this.room = new Room(fleet);
    this.open = openServers(fleet, now);
    // It tells what a request would get.
    this.want = { ...wantFor(fleet, model, now), isAwaited: true };
    this.sites = new SitesBesidePins(fleet, this.open, now);
    this.job = new Jobs(fleet, wantsNow(fleet, now), now).of(this.want);
    const isVictim = victimTest(fleet, this.want, now);
    this.isDrainable = (one): one is Ready => isVictim(one) && now.has(residentUntil(fleet, one));
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
