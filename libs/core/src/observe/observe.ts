import type { Event, EventOf } from '../fleet/events.js';
import type { Fleet } from '../fleet/fleet.js';
import { recallExcess } from '../memory/limits.js';
import type { Instant } from '../fleet/model.js';
import { contactChanged } from './contact.js';
import {
  declareModel,
  declareServer,
  drainServer,
  rememberOrders,
  rememberServer,
  rememberSteps,
  setLimits,
  withdrawModel,
  withdrawServer,
} from './declared.js';
import { freeze, unfreeze } from './freezes.js';
import { rememberLoadPace, rememberLoadTimes } from './load-times.js';
import { looked, lookFailed } from './looked.js';
import { configLearned, loadEnded, unloadEnded } from './orders.js';
import { rememberLeases } from './promised.js';
import { changePressure } from './pressure.js';
import { orderReload, rememberReload } from './reloads.js';
import {
  admitRequest,
  cancelRequest,
  doubtServers,
  orderLoad,
  orderUnload,
  rememberUnload,
  useRoutes,
} from './requests.js';

/** Writes one fact down. It decides nothing; every event is safe to hear twice, late, or about something gone. */
export function observe(fleet: Fleet, event: Event, now: Instant): void {
  switch (event.kind) {
    case 'RequestArrived':
      return admitRequest(fleet, event.request, now);
    case 'RequestCancelled':
      return cancelRequest(fleet, event.request);
    case 'RoutesUsed':
      return useRoutes(fleet, event.uses);
    case 'ServersDoubted':
      return doubtServers(fleet, event.servers, now);
    case 'LoadEnded':
      return loadEnded(fleet, event, now);
    case 'UnloadEnded':
      return unloadEnded(fleet, event, now);
    case 'Looked':
      return looked(fleet, event.server, event.look, now);
    case 'LookFailed':
      return lookFailed(fleet, event, now);
    case 'ContactChanged':
      return contactChanged(fleet, event.server, event.fact, now);
    case 'ConfigLearned':
      return configLearned(fleet, event);
    case 'LoadOrdered':
      return orderLoad(fleet, event, now);
    case 'UnloadOrdered':
      return orderUnload(fleet, event, now);
    case 'ReloadOrdered':
      return orderReload(fleet, event, now);
    case 'PressureChanged':
      return changePressure(fleet, event.level, now);
    case 'ShutdownBegun':
      fleet.closing = true;
      return;
    default:
      return observeDeclared(fleet, event, now);
  }
}

type Declared = Extract<
  Event,
  {
    kind:
      | 'LimitsSet'
      | 'ModelDeclared'
      | 'ModelWithdrawn'
      | 'ServerDeclared'
      | 'ServerWithdrawn'
      | 'ServerRemembered'
      | 'OrdersRemembered'
      | 'LeasesRemembered'
      | 'StepsRemembered'
      | 'LoadTimesRemembered'
      | 'LoadPaceRemembered'
      | 'FootprintRemembered'
      | 'UnloadRemembered'
      | 'ReloadRemembered'
      | 'DrainOrdered'
      | 'DrainEnded'
      | 'FreezeOrdered'
      | 'FreezeEnded';
  }
>;

/** What we were told, and what earlier lives had learned. */
function observeDeclared(fleet: Fleet, event: Declared, now: Instant): void {
  switch (event.kind) {
    case 'LimitsSet':
      return setLimits(fleet, event);
    case 'ModelDeclared':
      return declareModel(fleet, event.model, now);
    case 'ModelWithdrawn':
      return withdrawModel(fleet, event.model);
    case 'ServerDeclared':
      return declareServer(fleet, event.server);
    case 'ServerWithdrawn':
      return withdrawServer(fleet, event.server);
    case 'ServerRemembered':
      return rememberServer(fleet, event);
    case 'OrdersRemembered':
      return rememberOrders(fleet, event);
    case 'LeasesRemembered':
      return rememberLeases(fleet, event);
    case 'StepsRemembered':
      return rememberSteps(fleet, event);
    case 'LoadTimesRemembered':
      return rememberLoadTimes(fleet, event);
    case 'LoadPaceRemembered':
      return rememberLoadPace(fleet, event);
    case 'FootprintRemembered':
      return rememberFootprint(fleet, event, now);
    case 'UnloadRemembered':
      return rememberUnload(fleet, event);
    case 'ReloadRemembered':
      return rememberReload(fleet, event, now);
    case 'DrainOrdered':
      return drainServer(fleet, event.server, { since: now, deadline: event.deadline });
    case 'DrainEnded':
      return drainServer(fleet, event.server, null);
    case 'FreezeOrdered':
      return freeze(fleet, event);
    case 'FreezeEnded':
      return unfreeze(fleet, now);
  }
}

function rememberFootprint(
  fleet: Fleet,
  { model, footprint }: EventOf<'FootprintRemembered'>,
  now: Instant,
): void {
  fleet.footprints.set(model, footprint);
  recallExcess(fleet, model, now);
}
