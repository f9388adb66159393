import type { Fleet } from '../fleet/fleet.js';
import type { Booking, Ready, Replica } from '../fleet/replica.js';
import { labelsMatch, type Server } from '../fleet/server.js';
import { bookingsFor, dependenciesOf } from '../memory/footprint.js';
import { copiesOn, isPinnedHere, isWrittenOff } from '../memory/pins.js';
import { type AccountId, hostAccount, type ModelId, replicaId, type ReplicaId } from '../fleet/ids.js';
import { bytesIn } from '../fleet/meter.js';
import { capacities, sumOf } from '../memory/ledger.js';
import { isBarred } from '../memory/limits.js';
import type { Bytes, Model } from '../fleet/model.js';
import { isKept } from '../fleet/idle-rule.js';
import { isSeen } from '../fleet/standing.js';
import { covers } from './victims.js';
import { canChoose, deviceChoices, devicesOfStep, isGoing, isLoadable, readyWithNeeds } from './places.js';

/** A place for a copy: a server, and the devices there that hold it; the copy where one stands there. */
interface Spot {
  readonly server: Server;
  readonly devices: readonly number[];
  readonly stands?: Replica;
}

/** A model that a copy needs at a place, or the copy itself. */
interface Need {
  readonly id: ModelId;
  readonly devices: readonly number[];
}

/** An assignment of models to servers, and the room left beside them. At first it has only the strangers to be kept. */
export class Assignment {
  private readonly room: Map<AccountId, Bytes>;
  private readonly held = new Map<ReplicaId, ReadonlySet<number>>();
  private readonly copies = new Map<ModelId, number>();
  private readonly standing: Replica[] = [];

  constructor(private readonly fleet: Readonly<Fleet>) {
    this.room = new Map(capacities(fleet));
    for (const replica of fleet.replicas.values()) {
      if (replica.phase === 'ready' && isKept(fleet, replica)) this.keep(replica);
    }
  }

  /** How many copies its pin still lacks; below 0 where others need it in more places. */
  missing({ id, pinnedCopies }: Model): number {
    return pinnedCopies - (this.copies.get(id) ?? 0);
  }

  /** Every place where a model could be loaded, whether or not it fits there, the fullest server first, as places are given. */
  spotsFor(model: Model): readonly Spot[] {
    const able = [...this.fleet.servers.values()].filter(
      (server) => server.devices !== null && labelsMatch(server, model) && this.mayCome(server, model),
    );
    return able
      .toSorted((a, b) => this.spareOn(a) - this.spareOn(b))
      .flatMap((server) => deviceChoices(server, model).map((devices) => ({ server, devices })));
  }

  /** Puts a copy there with all it needs, where that fits. Says whether it does. */
  put(model: Model, spot: Spot): boolean {
    const { server, devices } = spot;
    const there = this.held.get(replicaId(model.id, server.spec.id));
    const isTwice = devices.some((device) => there?.has(device));
    if (isTwice || (there && !canChoose(server, model))) return false;
    const needs = this.needsAt(model, spot);
    const bookings = this.bookingsOf(server, needs);
    if (!bookings.every((one) => this.lackOf(one) <= 0)) return false;
    this.take(bookings);
    for (const { id, devices: held } of needs) this.note(id, server, held);
    return true;
  }

  /** Puts the copies that its pin needs where they are, or are to come, with all they need there. */
  putWhereItStands(model: Model): void {
    const staying = [...this.fleet.servers.values()].flatMap((server) => {
      const replica = this.fleet.replicas.get(replicaId(model.id, server.spec.id));
      return replica && !isGoing(replica) ? [{ replica, server }] : [];
    });
    const all = staying.map(({ replica }) => replica);
    for (const { replica, server } of staying.filter((one) => isPinnedHere(this.fleet, one.replica, all)))
      if (this.put(model, { server, devices: replica.devices, stands: replica })) this.standing.push(replica);
  }

  /** The smallest of the copies put where they stand without which a model would fit somewhere. */
  inTheWayOf(model: Model): ReplicaId | null {
    const shorts = this.spotsFor(model).map((spot) => {
      const bookings = this.bookingsOf(spot.server, this.needsAt(model, spot));
      const lacks = bookings.map((one) => [one.account, this.lackOf(one)] as const);
      return new Map(lacks.filter(([, bytes]) => bytes > 0));
    });
    const found = this.standing
      .filter(
        (one) => one.model !== model.id && shorts.some((short) => short.size > 0 && covers([one], short)),
      )
      .toSorted((one, other) => bytesIn(one.bookings) - bytesIn(other.bookings));
    return found[0]?.id ?? null;
  }

  /** Keeps a replica where it is, with all that it needs there. It counts as copies of its model unless written off. */
  private keep(stranger: Ready): void {
    for (const replica of readyWithNeeds(this.fleet, stranger)) {
      const { id, model, server, devices, bookings } = replica;
      if (this.held.has(id)) continue;
      const counted = this.copies.get(model) ?? 0;
      this.take(bookings);
      this.note(model, this.fleet.servers.get(server)!, devices);
      if (isWrittenOff(this.fleet, replica)) this.copies.set(model, counted);
    }
  }

  /** Whether a model could be loaded there. The repository of a server that was never seen may list any model. */
  private mayCome(server: Server, { id: model }: Model): boolean {
    if (isBarred(this.fleet, model)) return false;
    const isListed = (id: ModelId): boolean => !isSeen(server) || server.repository.has(id);
    const canLoad = (id: ModelId): boolean => isListed(id) && isLoadable(this.fleet, server, id);
    const isThere = (id: ModelId): boolean => this.held.has(replicaId(id, server.spec.id));
    return canLoad(model) && dependenciesOf(this.fleet, model).every((id) => isThere(id) || canLoad(id));
  }

  /** A copy and what it needs that is not there yet; what stands beside a copy that stands is where it is. */
  private needsAt(model: Model, { server, devices, stands }: Spot): readonly Need[] {
    const replicaOf = (id: ModelId): Replica | undefined =>
      stands && this.fleet.replicas.get(replicaId(id, server.spec.id));
    const steps = dependenciesOf(this.fleet, model.id)
      .filter((id) => !this.held.has(replicaId(id, server.spec.id)))
      .map((id) => ({
        id,
        devices: replicaOf(id)?.devices ?? devicesOfStep(this.fleet, server, id, devices),
      }));
    return [{ id: model.id, devices }, ...steps];
  }

  /** One more copy on a server books no more host memory. */
  private bookingsOf(server: Server, needs: readonly Need[]): readonly Booking[] {
    const host = hostAccount(server.spec.host);
    return sumOf(
      needs.map(({ id, devices }) => {
        const bookings = bookingsFor(this.fleet, server, id, devices);
        const isThere = this.held.has(replicaId(id, server.spec.id));
        return isThere ? bookings.filter(({ account }) => account !== host) : bookings;
      }),
    );
  }

  /** What an account is short of for a booking; not above 0 where it has the room. */
  private lackOf({ account, bytes }: Booking): Bytes {
    return bytes - (this.room.get(account) ?? Infinity);
  }

  private note(id: ModelId, server: Server, devices: readonly number[]): void {
    const key = replicaId(id, server.spec.id);
    const copies = this.copies.get(id) ?? 0;
    this.held.set(key, new Set([...(this.held.get(key) ?? []), ...devices]));
    this.copies.set(id, copies + copiesOn(this.fleet.models.get(id), devices));
  }

  private spareOn({ devices }: Server): Bytes {
    return Math.max(0, ...(devices ?? []).map(({ account }) => this.room.get(account) ?? 0));
  }

  private take(bookings: readonly Booking[]): void {
    for (const { account, bytes } of bookings) {
      const left = this.room.get(account);
      if (left !== undefined) this.room.set(account, left - bytes);
    }
  }
}
