import { type Fleet, replicasOf, standingModels } from '../fleet/fleet.js';
import type { Booking, Replica } from '../fleet/replica.js';
import { type Device, labelsMatch, type Server } from '../fleet/server.js';
import { dependenciesOf } from '../memory/footprint.js';
import { type AccountId, type ModelId, replicaId, type ReplicaId } from '../fleet/ids.js';
import { indexesOf } from '../fleet/indexes.js';
import { capacityOf } from '../memory/ledger.js';
import type { Bytes, Model } from '../fleet/model.js';
import { isSpread } from '../memory/device-sets.js';
import { isPinProtected } from '../memory/pins.js';
import { isSeen } from '../fleet/standing.js';
import { isKept } from '../fleet/idle-rule.js';
import { bookingsWith, deviceChoices, hasDevicesFor, isGoing, readyWithNeeds } from './places.js';

/** Whether a server could hold a model once all that may leave had left, and if not, why. */
export type Fit =
  | 'fits'
  | 'unseen'
  | 'not_in_repository'
  | 'labels'
  | 'too_small'
  | 'needs_config'
  /** It has none of the sets of devices over which the model, or one that it depends on, is spread. */
  | 'no_device_set'
  /** A model that it depends on is disabled. */
  | 'disabled';

const readyOf = (fleet: Readonly<Fleet>, { model }: Replica): Replica[] =>
  replicasOf(fleet, model).filter(({ phase }) => phase === 'ready');

/**
 * What would be left of each account once all that may leave had left. Pinned copies and strangers to be kept stay, with
 * all that they need.
 */
export class Room {
  private readonly staying = new Set<ReplicaId>();
  private readonly fixed = new Map<AccountId, Bytes>();

  constructor(private readonly fleet: Readonly<Fleet>) {
    const standing = standingModels(fleet).flatMap(({ id }) => replicasOf(fleet, id));
    const strangers = Array.from(indexesOf(fleet).strangers, (id) => fleet.replicas.get(id)!);
    for (const replica of new Set([...standing, ...strangers])) {
      if (replica.phase !== 'ready') continue;
      if (!isKept(fleet, replica) && !isPinProtected(fleet, replica, readyOf(fleet, replica))) continue;
      for (const one of readyWithNeeds(fleet, replica)) {
        if (this.staying.has(one.id)) continue;
        this.staying.add(one.id);
        this.fix(one.bookings);
      }
    }
  }

  private fix(bookings: readonly Booking[]): void {
    for (const { account, bytes } of bookings)
      this.fixed.set(account, (this.fixed.get(account) ?? 0) + bytes);
  }

  /** Whether so much more fits beside all that stays. */
  fits(account: AccountId, bytes: Bytes): boolean {
    return bytes + (this.fixed.get(account) ?? 0) <= capacityOf(this.fleet, account);
  }

  /** Judged on declared or remembered devices, whether the server can be reached or not. */
  fitOn(server: Server, model: Model): Fit {
    if (!isSeen(server)) return 'unseen';
    if (!labelsMatch(server, model)) return 'labels';
    if (!server.repository.has(model.id)) return 'not_in_repository';
    if (server.devices === null || server.devices.length === 0) return 'unseen';
    if (this.fleet.replicas.has(replicaId(model.id, server.spec.id))) return 'fits';
    return this.needsOn(server, model) ?? this.sizeOn(server, model, server.devices);
  }

  private sizeOn(server: Server, model: Model, all: readonly Device[]): Fit {
    if (!hasDevicesFor(server, model)) return 'no_device_set';
    if (deviceChoices(server, model).some((devices) => this.holds(server, model, devices))) return 'fits';
    if (isSpread(model)) return 'too_small';
    const single = all.some(({ ordinal }) => this.holds(server, model, [ordinal]));
    return single && all.length > 1 ? 'needs_config' : 'too_small';
  }

  /** Why a model that this one depends on could not be loaded there; undefined where all could. */
  private needsOn(server: Server, { id }: Model): Fit | undefined {
    const { spec, repository } = server;
    const { models, replicas } = this.fleet;
    const missing = dependenciesOf(this.fleet, id).filter((one) => !replicas.has(replicaId(one, spec.id)));
    if (missing.some((one) => models.get(one)?.enabled === false)) return 'disabled';
    if (!missing.every((one) => repository.has(one))) return 'not_in_repository';
    return missing.every((one) => hasDevicesFor(server, models.get(one))) ? undefined : 'no_device_set';
  }

  /** What it depends on may stay there, or leave with the others and be loaded with it again. */
  private holds(server: Server, model: Model, devices: readonly number[]): boolean {
    const needed = dependenciesOf(this.fleet, model.id);
    const isHere = (id: ModelId): boolean => this.staying.has(replicaId(id, server.spec.id));
    if (this.holdsBeside(server, model, devices, needed.filter(isHere))) return true;
    const there = needed.filter((id) => this.mayStay(replicaId(id, server.spec.id)));
    return there.length > 0 && this.holdsBeside(server, model, devices, there);
  }

  private mayStay(id: ReplicaId): boolean {
    const replica = this.fleet.replicas.get(id);
    return replica !== undefined && !isGoing(replica);
  }

  /** Whether a model and what it brings fit beside all that stays and what it finds there. */
  private holdsBeside(
    server: Server,
    model: Model,
    devices: readonly number[],
    there: readonly ModelId[],
  ): boolean {
    const missing = dependenciesOf(this.fleet, model.id).filter((id) => !there.includes(id));
    const found = there
      .map((id) => replicaId(id, server.spec.id))
      .filter((id) => !this.staying.has(id))
      .flatMap((id) => this.fleet.replicas.get(id)!.bookings);
    return bookingsWith(this.fleet, server, model.id, missing, devices).every(({ account, bytes }) => {
      const beside = found.reduce((sum, one) => (one.account === account ? sum + one.bytes : sum), 0);
      return this.fits(account, bytes + beside);
    });
  }
}
