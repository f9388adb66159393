import type { Fleet } from '../fleet/fleet.js';
import type { Booking, Ready } from '../fleet/replica.js';
import { labelsMatch, type Server } from '../fleet/server.js';
import { bookingsFor, dependenciesOf } from '../memory/footprint.js';
import { copiesOn, isWrittenOff } from '../memory/pins.js';
import { type AccountId, hostAccount, type ModelId, replicaId, type ReplicaId } from '../fleet/ids.js';
import { capacities, sumOf } from '../memory/ledger.js';
import { isBarred } from '../memory/limits.js';
import type { Bytes, Model } from '../fleet/model.js';
import { isKept } from '../fleet/idle-rule.js';
import { isSeen } from '../fleet/standing.js';
import { canChoose, deviceChoices, devicesOfStep, isLoadable, readyWithNeeds } from './places.js';

/** A place for a copy: a server, and the devices there that hold it. */
interface Spot {
  readonly server: Server;
  readonly devices: readonly number[];
}

/** An assignment of models to servers, and the room left beside them. At first it has only the strangers to be kept. */
export class Assignment {
  private readonly room: Map<AccountId, Bytes>;
  private readonly held = new Map<ReplicaId, ReadonlySet<number>>();
  private readonly copies = new Map<ModelId, number>();

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

  /** Every place where a model could be loaded, whether or not it fits there, the emptiest server first. */
  spotsFor(model: Model): readonly Spot[] {
    const able = [...this.fleet.servers.values()].filter(
      (server) => server.devices !== null && labelsMatch(server, model) && this.mayCome(server, model),
    );
    return able
      .toSorted((a, b) => this.spareOn(b) - this.spareOn(a))
      .flatMap((server) => deviceChoices(server, model).map((devices) => ({ server, devices })));
  }

  /** Puts a copy there with all it needs. Returns what takes it back; undefined where it does not fit. */
  put(model: Model, { server, devices }: Spot): (() => void) | undefined {
    const there = this.held.get(replicaId(model.id, server.spec.id));
    const isTwice = devices.some((device) => there?.has(device));
    if (isTwice || (there && !canChoose(server, model))) return undefined;
    const missing = dependenciesOf(this.fleet, model.id).filter(
      (id) => !this.held.has(replicaId(id, server.spec.id)),
    );
    const steps = missing.map((id) => ({ id, devices: devicesOfStep(this.fleet, server, id, devices) }));
    const needs = [{ id: model.id, devices }, ...steps];
    const bookings = sumOf(needs.map((need) => this.bookingsOf(server, need.id, need.devices)));
    if (!bookings.every(({ account, bytes }) => bytes <= (this.room.get(account) ?? Infinity))) {
      return undefined;
    }
    this.take(bookings, 1);
    const undo = needs.map((need) => this.note(need.id, server, need.devices));
    return () => {
      this.take(bookings, -1);
      for (const one of undo) one();
    };
  }

  /** Keeps a replica where it is, with all that it needs there. It counts as copies of its model unless written off. */
  private keep(stranger: Ready): void {
    for (const replica of readyWithNeeds(this.fleet, stranger)) {
      const { id, model, server, devices, bookings } = replica;
      if (this.held.has(id)) continue;
      const counted = this.copies.get(model) ?? 0;
      this.take(bookings, 1);
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

  /** One more copy on a server books no more host memory. */
  private bookingsOf(server: Server, id: ModelId, devices: readonly number[]): readonly Booking[] {
    const bookings = bookingsFor(this.fleet, server, id, devices);
    if (!this.held.has(replicaId(id, server.spec.id))) return bookings;
    return bookings.filter(({ account }) => account !== hostAccount(server.spec.host));
  }

  private note(id: ModelId, server: Server, devices: readonly number[]): () => void {
    const key = replicaId(id, server.spec.id);
    const before = this.held.get(key);
    const copies = this.copies.get(id) ?? 0;
    this.held.set(key, new Set([...(before ?? []), ...devices]));
    this.copies.set(id, copies + copiesOn(this.fleet.models.get(id), devices));
    return () => {
      if (before) this.held.set(key, before);
      else this.held.delete(key);
      this.copies.set(id, copies);
    };
  }

  private spareOn({ devices }: Server): Bytes {
    return Math.max(0, ...(devices ?? []).map(({ account }) => this.room.get(account) ?? 0));
  }

  private take(bookings: readonly Booking[], times: 1 | -1): void {
    for (const { account, bytes } of bookings) {
      const left = this.room.get(account);
      if (left !== undefined) this.room.set(account, left - times * bytes);
    }
  }
}
