import type { Now } from '../numbers/now.js';
import type { Event, EventOf } from '../fleet/events.js';
import type { Fleet } from '../fleet/fleet.js';
import { contactChanged, lookFailed } from './contact.js';
import { declareModel, rememberFootprint, rememberSteps, setLimits, withdrawModel } from './declared.js';
import { freeze, holdLoads, holdOrders, unfreeze } from './freezes.js';
import { rememberLoadPace, rememberLoadTimes } from './load-times.js';
import { looked } from './looked.js';
import { configLearned, loadEnded, unloadEnded } from './orders.js';
import {
  awaitServers,
  beginTerm,
  declareServer,
  drainServer,
  endDrain,
  rememberLeases,
  rememberOrders,
  rememberServer,
  withdrawServer,
} from './servers.js';
import {
  admitRequest,
  cancelRequest,
  doubtServers,
  orderLoad,
  orderReload,
  orderUnload,
  rememberReload,
  rememberUnload,
  useRoutes,
} from './requests.js';
import { wantCopies } from './utilisation.js';
import { acknowledgeRoutes, forgetWatcher, seeWatcher } from './watchers.js';

type Observer<Kind extends Event['kind']> = (fleet: Fleet, event: EventOf<Kind>, now: Now) => void;

const OBSERVERS: { readonly [Kind in Event['kind']]: Observer<Kind> } = {
  LimitsSet: setLimits,
  ModelDeclared: declareModel,
  ModelWithdrawn: withdrawModel,
  ServerDeclared: declareServer,
  ServerWithdrawn: withdrawServer,
  ServersAwaited: awaitServers,
  ServerRemembered: rememberServer,
  OrdersRemembered: rememberOrders,
  LeasesRemembered: rememberLeases,
  StepsRemembered: rememberSteps,
  LoadTimesRemembered: rememberLoadTimes,
  LoadPaceRemembered: rememberLoadPace,
  FootprintRemembered: rememberFootprint,
  RequestArrived: admitRequest,
  RequestCancelled: cancelRequest,
  RoutesUsed: useRoutes,
  ServersDoubted: doubtServers,
  LoadEnded: loadEnded,
  UnloadEnded: unloadEnded,
  ContactChanged: contactChanged,
  Looked: looked,
  LookFailed: lookFailed,
  ConfigLearned: configLearned,
  LoadOrdered: orderLoad,
  UnloadOrdered: orderUnload,
  ReloadOrdered: orderReload,
  UnloadRemembered: rememberUnload,
  ReloadRemembered: rememberReload,
  DrainOrdered: drainServer,
  DrainEnded: endDrain,
  FreezeOrdered: freeze,
  FreezeEnded: unfreeze,
  OrdersHeld: holdOrders,
  LoadsHeld: holdLoads,
  TermBegun: beginTerm,
  WatcherSeen: seeWatcher,
  WatcherAcknowledged: acknowledgeRoutes,
  WatcherGone: forgetWatcher,
  PressureChanged: changePressure,
  ShutdownBegun: beginShutdown,
  CopiesWanted: wantCopies,
  ModelBarred: barModel,
};

/** Writes a fact into the fleet. It decides nothing. */
export function observe(fleet: Fleet, event: Event, now: Now): void {
  const observer = OBSERVERS[event.kind] as Observer<Event['kind']>;
  observer(fleet, event, now);
}

/** The same level told again changes nothing: the pressure has lasted since it was first told. */
function changePressure(fleet: Fleet, { level }: EventOf<'PressureChanged'>, now: Now): void {
  if (fleet.pressure.level !== level) fleet.pressure = { level, since: now.stamp };
}

function beginShutdown(fleet: Fleet, { reason }: EventOf<'ShutdownBegun'>): void {
  fleet.closing = reason;
}

function barModel(fleet: Fleet, { model, by }: EventOf<'ModelBarred'>): void {
  if (by === null) fleet.barred.delete(model);
  else fleet.barred.set(model, by);
}
