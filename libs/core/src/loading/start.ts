import type { Now } from '../numbers/now.js';
import { becomeLoading } from '../fleet/transitions.js';
import type { Action, ActionOf } from '../fleet/actions.js';
import { type Fleet, nextOrder, put } from '../fleet/fleet.js';
import type { Booking, Placed } from '../fleet/replica.js';
import { settleCharge } from '../learned/shares.js';
import type { ModelId } from '../fleet/ids.js';
import { Ledger, sumOf } from '../memory/ledger.js';
import { after } from './chunks.js';
import { InWork, isBesidePending, isBlocked, unitOf } from './in-work.js';
import { discovered } from '../observe/declared.js';
import { type Line, mayHold } from './line.js';
import type { JobForecast } from './schedule.js';
import { ServerSlots } from './slots.js';
import { configFor } from '../room/places.js';

/**
 * Begins the loads of placed jobs, in the order of the line, whose memory and slots are free and whose time has come. A job
 * whose slot is kept for a promise waits for it; a job that cannot begin for another reason keeps no slot.
 */
export function startPlaced(fleet: Fleet, line: Line, now: Now): Action[] {
  const placed = line.all.filter(({ job }) => job.placed !== null);
  if (placed.length === 0) return [];
  const ledger = new Ledger(fleet, now);
  const slots = new ServerSlots(fleet, now);
  const inWork = new InWork(fleet, now);
  const actions: Action[] = [];
  for (const one of placed) {
    const replica = one.job.placed!;
    if (isBlocked(fleet, inWork, replica, now) || isBesidePending(fleet, replica, now)) continue;
    if (!canStart(fleet, ledger, slots, replica)) continue;
    if (isKeptForAnother(line, one, now)) continue;
    ledger.start(bookingsOfUnit(fleet, replica));
    slots.on(replica.server).take(replica.devices, now.stamp, after(now.stamp, one.load));
    inWork.add(replica);
    settleCharge(fleet, replica.model);
    actions.push(start(fleet, replica, now));
  }
  return actions;
}

/**
 * Whether a promise on its server that may hold, and is not of a lower class, would wait for its end. A load that begins when
 * the line says so makes no promise wait.
 */
function isKeptForAnother(line: Line, { job, start: { at }, load }: JobForecast, now: Now): boolean {
  if (at <= now.stamp) return false;
  const end = Math.min(at, now.stamp + load.p90);
  return line.all.some(
    (one) =>
      one.job !== job &&
      one.job.band <= job.band &&
      one.job.neededBy < Infinity &&
      mayHold(one) &&
      (one.place?.server.spec.id ?? one.job.placed?.server) === job.placed!.server &&
      one.start.at > now.stamp &&
      one.start.at < end,
  );
}

const bookingsOfUnit = (fleet: Fleet, replica: Placed): readonly Booking[] =>
  sumOf(unitOf(fleet, replica).map(({ bookings }) => bookings));

const canStart = (fleet: Fleet, ledger: Ledger, slots: ServerSlots, replica: Placed): boolean =>
  ledger.fitsFree(bookingsOfUnit(fleet, replica)) && slots.on(replica.server).isFree(replica.devices);

function start(fleet: Fleet, replica: Placed, now: Now): Action {
  const unit = unitOf(fleet, replica);
  const order = nextOrder(fleet);
  const server = fleet.servers.get(replica.server)!;
  const coLoaded = unit.slice(1).map((one) => one.model);
  const action = loadAction(fleet, replica, order, coLoaded);
  const deadline = now.stamp + action.timeout;
  for (const one of unit) {
    server.ordered.add(one.model);
    put(fleet, becomeLoading(one, { order, deadline }, now));
  }
  return action;
}

function loadAction(
  fleet: Fleet,
  replica: Placed,
  order: ReturnType<typeof nextOrder>,
  coLoaded: readonly ModelId[],
): ActionOf<'load'> {
  const { id, model: modelId, server: serverId, devices, cause } = replica;
  const model = fleet.models.get(modelId) ?? discovered(modelId, fleet.defaults);
  const config = configFor(fleet.servers.get(serverId)!, model, devices);
  const timeout = model.loadTimeout;
  const shared = { order, replica: id, model: modelId, server: serverId };
  return { kind: 'load', ...shared, config, timeout, coLoaded, cause };
}
