import type { Action } from '../fleet/actions.js';
import { type Fleet, nextOrder, put, unsettled } from '../fleet/fleet.js';
import type { Booking, LoadCause, Placed, Ready, Replica } from '../fleet/replica.js';
import { settleCharge } from '../learned/shares.js';
import type { ModelId, ServerId } from '../fleet/ids.js';
import { Ledger, sumOf } from '../memory/ledger.js';
import type { Instant } from '../fleet/model.js';
import { isBlocked, unitOf } from './blocked.js';
import { InWork } from './in-work.js';
import { discovered } from '../observe/declared.js';
import { isRetry, spendRetry } from '../learned/retries.js';
import { isCarried, loadBegan, loadBounds, loadsAtMost, loadsByServer } from '../fleet/standing.js';
import type { Line } from './line.js';
import { isToLoad, type ToLoad } from './load-order.js';
import type { JobForecast } from './schedule.js';
import { devicesToCome } from './slots.js';
import { configFor } from '../room/places.js';

/**
 * Begins the loads of placed jobs, in the order of the line, whose memory and slots are free and whose time has come. A job
 * whose slot is kept for a promise further ahead waits for it; a job that cannot begin for another reason keeps no slot.
 */
export function startPlaced(fleet: Fleet, line: Line, now: Instant): Action[] {
  const placed = line.all.filter((one) => one.job.placed !== null && isWaiting(one.job.placed));
  if (placed.length === 0) return [];
  const ledger = new Ledger(fleet, now);
  const slots = new SlotsInUse(fleet, now);
  const inWork = new InWork(fleet, now);
  const canBegin = (replica: ToLoad): boolean =>
    canStart(fleet, ledger, slots, replica) && !inWork.isOnTied(replica);
  const startable = placed.filter(
    ({ job }) => !isBlocked(fleet, inWork, job.placed!, now) && canBegin(job.placed!),
  );
  const actions: Action[] = [];
  for (const one of startable) {
    const replica = one.job.placed!;
    if (!canBegin(replica) || isKeptForAnother(line, one, now)) continue;
    ledger.start(bookingsToCome(fleet, replica));
    slots.take(replica.server, devicesToCome(replica));
    inWork.add(replica);
    settleCharge(fleet, replica.model);
    actions.push(replica.phase === 'placed' ? start(fleet, replica, now) : startChange(fleet, replica, now));
  }
  return actions;
}

/** Whether a promise on its server would wait for its end that goes before it and holds. */
function isKeptForAnother(line: Line, { job, start: { at }, load }: JobForecast, now: Instant): boolean {
  if (at <= now) return false;
  const end = now + load.p90;
  return line.all.some(
    (one) =>
      one.job !== job &&
      one.job.neededBy < Infinity &&
      (one.place?.server.spec.id ?? one.job.placed?.server) === job.placed!.server &&
      one.start.at > now &&
      one.start.at < end &&
      one.start.at < at,
  );
}

const isWaiting = (replica: Replica): replica is ToLoad => isToLoad(replica) && !isCarried(replica);

const bookingsToCome = (fleet: Fleet, replica: ToLoad): readonly Booking[] =>
  replica.phase === 'placed'
    ? sumOf(unitOf(fleet, replica).map(({ bookings }) => bookings))
    : replica.change!.bookings;

const canStart = (fleet: Fleet, ledger: Ledger, slots: SlotsInUse, replica: ToLoad): boolean =>
  ledger.fitsFree(bookingsToCome(fleet, replica)) && slots.areFree(replica.server, devicesToCome(replica));

function start(fleet: Fleet, replica: Placed, now: Instant): Action {
  const unit = unitOf(fleet, replica);
  const order = nextOrder(fleet);
  const server = fleet.servers.get(replica.server)!;
  if (unit.some(({ id }) => isRetry(fleet, id))) spendRetry(server, now);
  for (const one of unit) {
    server.ordered.add(one.model);
    const { phase: _, since: __, ...kept } = one;
    put(fleet, { phase: 'loading', since: now, order, orderedAt: now, ...kept });
  }
  return loadAction(
    fleet,
    replica,
    order,
    replica.devices,
    unit.slice(1).map((one) => one.model),
  );
}

function startChange(fleet: Fleet, replica: Ready, now: Instant): Action {
  const order = nextOrder(fleet);
  const change = { ...replica.change!, order, orderedAt: now };
  if (isRetry(fleet, replica.id)) spendRetry(fleet.servers.get(replica.server)!, now);
  put(fleet, { ...replica, change });
  return loadAction(fleet, replica, order, change.devices, []);
}

function loadAction(
  fleet: Fleet,
  replica: ToLoad,
  order: ReturnType<typeof nextOrder>,
  devices: readonly number[],
  brings: readonly ModelId[],
): Action {
  const { id, model: modelId, server: serverId } = replica;
  const model = fleet.models.get(modelId) ?? discovered(modelId, fleet.defaults);
  const config = configFor(fleet.servers.get(serverId)!, model, devices);
  const timeout = model.loadTimeout;
  const shared = { order, replica: id, model: modelId, server: serverId };
  return { kind: 'load', ...shared, config, timeout, brings, cause: causeOfLoad(replica) };
}

const causeOfLoad = (replica: ToLoad): LoadCause =>
  replica.phase === 'placed' ? replica.cause : replica.change!.cause!;

/** The load slots in use. A load that is stuck keeps its server's slot, and its devices' for a while. */
class SlotsInUse {
  private readonly servers = new Map<ServerId, { loads: number; overdue: number }>();
  private readonly devices = new Map<string, number>();

  constructor(
    private readonly fleet: Fleet,
    now: Instant,
  ) {
    for (const [server, { running, overdue }] of loadsByServer(fleet, now))
      this.servers.set(server, { loads: running, overdue });
    for (const replica of unsettled(fleet)) {
      if (loadBegan(replica) === null || isCarried(replica)) continue;
      if (now < loadBounds(fleet, replica)!.slotUntil)
        this.takeDevices(
          replica.server,
          replica.phase === 'ready' ? replica.change!.devices : replica.devices,
        );
    }
  }

  areFree(server: ServerId, devices: readonly number[]): boolean {
    const { loads, overdue } = this.on(server);
    if (loads >= loadsAtMost(this.fleet, this.fleet.servers.get(server), overdue)) return false;
    const { loadsPerDevice } = this.fleet.limits;
    return devices.every((device) => (this.devices.get(`${server}/${device}`) ?? 0) < loadsPerDevice);
  }

  take(server: ServerId, devices: readonly number[]): void {
    const { loads, overdue } = this.on(server);
    this.servers.set(server, { loads: loads + 1, overdue });
    this.takeDevices(server, devices);
  }

  private on(server: ServerId): { loads: number; overdue: number } {
    return this.servers.get(server) ?? { loads: 0, overdue: 0 };
  }

  private takeDevices(server: ServerId, devices: readonly number[]): void {
    for (const device of devices) {
      const key = `${server}/${device}`;
      this.devices.set(key, (this.devices.get(key) ?? 0) + 1);
    }
  }
}
