import type { Fleet } from '../fleet/fleet.js';
import type { Booking, Ready, Replica } from '../fleet/replica.js';
import { labelsMatch, type Server } from '../fleet/server.js';
import { bookingsFor, dependenciesOf } from '../memory/footprint.js';
import { copiesOn, isPinProtected, isSolidCopy, isReplaced } from '../memory/pins.js';
import { type AccountId, hostAccount, type ModelId, replicaId, type ReplicaId } from '../fleet/ids.js';
import { bytesIn } from '../fleet/meter.js';
import { capacities, sumOf } from '../memory/ledger.js';
import { isComingBack } from '../memory/reloads.js';
import { needsQuarantined } from '../memory/limits.js';
import type { Bytes, Model } from '../fleet/model.js';
import { isKept } from '../fleet/idle-rule.js';
import { isSeen } from '../fleet/standing.js';
import { covers } from './victims.js';
import { canChoose, deviceChoices, devicesOfStep, isGoing, isLoadable, readyWithNeeds } from './places.js';
import { appendTo } from '../numbers/groups.js';

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
  private readonly unplaced = new Set<ModelId>();
  /** The places of the copies that pins lack. */
  readonly reserved = new Map<ModelId, string[]>();

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

  /** Every place where a model could be loaded, whether or not it fits there: with the GPU that it needs, the fullest first. */
  spotsFor(model: Model): readonly Spot[] {
    const able = [...this.fleet.servers.values()].filter(
      (server) => server.devices !== null && labelsMatch(server, model) && this.mayCome(server, model),
    );
    const lacksGpu = ({ devices }: Server): number =>
      Number(model.gpuBytes > 0 && devices?.[0]?.kind !== 'gpu');
    return able
      .toSorted((a, b) => lacksGpu(a) - lacksGpu(b) || this.spareOn(a) - this.spareOn(b))
      .flatMap((server) => deviceChoices(server, model).map((devices) => ({ server, devices })));
  }

  /** Puts a copy there with all it needs, where that fits. Says whether it does. */
  put(model: Model, spot: Spot): boolean {
    if (!this.fits(model, spot)) return false;
    const { server } = spot;
    const needs = this.needsAt(model, spot);
    this.take(this.bookingsOf(server, needs));
    for (const { id, devices: held } of needs) this.note(id, server, held);
    return true;
  }

  /** Puts what its pin lacks at the places that are kept for it. */
  putWhereItIsKept(model: Model): void {
    const kept = this.fleet.pinPlaces.get(model.id) ?? [];
    this.reserve(model, (spot) => kept.includes(keyOf(spot)));
  }

  /** Puts what its pin lacks where there is room: on servers without a copy before others, the fullest first. */
  placeGreedily(model: Model): void {
    this.reserve(model, ({ server }) => !this.held.has(replicaId(model.id, server.spec.id)));
    this.reserve(model, () => true);
  }

  private reserve(model: Model, isMeant: (spot: Spot) => boolean): void {
    for (const spot of this.spotsFor(model)) {
      if (this.missing(model) <= 0 || this.unplaced.has(model.id)) return;
      if (isMeant(spot) && this.put(model, spot)) appendTo(this.reserved, model.id, keyOf(spot));
    }
  }

  /** Whether a copy that its pin lacks may get a place: what is not kept there for it has to fit beside all that is kept. */
  allows(model: Model, place: Spot): boolean {
    const more = this.beyondHeld(model, place);
    return more === null || this.fits(model, more);
  }

  /** Keeps a place beside those that are kept. */
  add(model: Model, place: Spot): void {
    const more = this.beyondHeld(model, place);
    if (more) this.put(model, more);
  }

  private beyondHeld({ id }: Model, { server, devices }: Spot): Spot | null {
    const there = this.held.get(replicaId(id, server.spec.id));
    const more = devices.filter((device) => !there?.has(device));
    return there && more.length === 0 ? null : { server, devices: more };
  }

  private fits(model: Model, spot: Spot): boolean {
    const { server, devices } = spot;
    const there = this.held.get(replicaId(model.id, server.spec.id));
    const isTwice = devices.some((device) => there?.has(device));
    if (isTwice || (there && !canChoose(server, model))) return false;
    return this.bookingsOf(server, this.needsAt(model, spot)).every((one) => this.lackOf(one) <= 0);
  }

  /**
   * Puts the copies that its pin keeps where they are, with all they need there, or those that have their places and no load
   * yet. No other place helps a copy that is there and has become too large.
   */
  putWhereItStands(model: Model, isPlaced: boolean): void {
    const { servers, replicas, holders } = this.fleet;
    const isSolid = (one: Replica): number => Number(isSolidCopy(this.fleet, one));
    const staying = Array.from(holders.get(model.id) ?? [], (id) => replicas.get(id))
      .filter((one) => one !== undefined && mayStay(this.fleet, one))
      .toSorted((one, other) => isSolid(other!) - isSolid(one!)) as Replica[];
    for (const replica of staying.filter((one) => isPinProtected(this.fleet, one, staying))) {
      const server = servers.get(replica.server);
      if (!server || (replica.phase === 'placed') !== isPlaced) continue;
      if (this.put(model, { server, devices: replica.devices, stands: replica })) this.standing.push(replica);
      else if (!isPlaced) this.unplaced.add(model.id);
    }
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

  /** Keeps a replica where it is, with all that it needs there. It counts as copies of its model unless it is replaced. */
  private keep(stranger: Ready): void {
    for (const replica of readyWithNeeds(this.fleet, stranger)) {
      const { id, model, server, devices, bookings } = replica;
      if (this.held.has(id)) continue;
      const counted = this.copies.get(model) ?? 0;
      this.take(bookings);
      this.note(model, this.fleet.servers.get(server)!, devices);
      if (isReplaced(this.fleet, replica)) this.copies.set(model, counted);
    }
  }

  /** Whether a model could be loaded there. The repository of a server that was never seen may list any model. */
  private mayCome(server: Server, { id: model }: Model): boolean {
    if (needsQuarantined(this.fleet, model)) return false;
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

/** Whether a replica is there, or comes, or is taken back where a pin needs it. */
const mayStay = (fleet: Readonly<Fleet>, replica: Replica): boolean =>
  !isGoing(replica) ||
  isComingBack(fleet, replica) ||
  (replica.phase === 'draining' && replica.cause !== 'drain' && replica.cause !== 'withdrawn');

const keyOf = ({ server, devices }: Spot): string => `${server.spec.id}/${devices.join()}`;
