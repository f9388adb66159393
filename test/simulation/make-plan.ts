import { aimed } from './draw/aim.js';
import { drawAsks, withClass } from './draw/asks.js';
import { drawBadSpells } from './draw/bad-spells.js';
import type { Cast } from './draw/cast.js';
import { drawChangedMinds } from './draw/changed-minds.js';
import { drawCoincidences } from './draw/coincidences.js';
import { withCopies } from './draw/copies.js';
import { drawFaults, drawLast } from './draw/faults.js';
import { drawFloods, withTenants } from './draw/floods.js';
import { drawHostile, hostileModel, hostileServer, isHostile } from './draw/hostile.js';
import { drawLateOrders } from './draw/late-orders.js';
import { drawLevers } from './draw/levers.js';
import { drawLongLeases } from './draw/long-leases.js';
import { withManners } from './draw/manners.js';
import { drawModels } from './draw/models.js';
import { drawPressure } from './draw/pressure.js';
import { drawRushes } from './draw/rushes.js';
import { drawAwaited, drawMeddling, drawOrders, drawScaling } from './draw/orders.js';
import { drawServers } from './draw/servers.js';
import { drawDefaults, drawLimits, drawTemper } from './draw/settings.js';
import { drawUndoneUnloads } from './draw/undone-unloads.js';
import { drawUnloadsAtOnce } from './draw/unloads-at-once.js';
import type { Model } from '#core';
import type { Happening, HappeningOf } from './happenings.js';
import type { Plan, PlannedModel } from './plan.js';
import { Random } from './random.js';

const HOUR = 3_600_000;
/** The part of the time in which things go wrong; the rest is for coming to rest, and for staying so. */
const STORMY = 0.8;
/** So long after the storm the idle have to be gone, but in the few seeds that wait for all of them. */
const WATCHED = 180_000;
const SETTLED = 90_000;
/** So long after one copy has gone another may go. */
const EASED = 310_000;

/** Draws a fleet and all that happens to it. `hours` is all the time that is simulated, the quiet at the end included. */
export function makePlan(seed: number, { hours }: { readonly hours: number }): Plan {
  const stream = (name: string): Random => new Random(seed, name);
  const { servers, models, temper, defaults, hostile } = drawFleet(stream);
  const storm = Math.floor(hours * HOUR * STORMY);
  const cast = { servers, models, storm, temper };
  const grain = drawGrain(stream('grain'));
  const asks = drawCallers(stream, cast, grain);
  const others = [
    ...drawOrders(stream('operator'), cast),
    ...drawScaling(stream('autoscaler'), cast),
    ...drawMeddling(stream('strangers'), cast),
    ...drawFaults(seed, cast),
  ];
  const happenings = [
    ...asks,
    ...aimed(stream('aim'), others, { asks, storm }),
    ...drawUnaimed(stream, cast, grain),
    ...drawCoincidences(stream('coincidences'), { ...cast, grain }),
    ...(hostile ? drawHostile(hostile, cast) : []),
  ];
  return {
    version: 1,
    seed,
    grain,
    storm,
    atLeast: Math.max(Math.floor(hours * HOUR), storm + drawPatience(stream('patience'), models)),
    servers,
    models,
    limits: { ...drawLimits(stream('limits')), ...(hostile ? { loadsPerDevicePerMinute: 10_000 } : {}) },
    defaults,
    happenings: happenings.toSorted((one, other) => one.at - other.at),
  };
}

/** The servers and their models; `hostile`: where it is a hostile fleet, what else of that is drawn from. */
function drawFleet(stream: (name: string) => Random) {
  const fleet = stream('fleet');
  const found = drawServers(fleet, stream('late servers'), stream('clocks'));
  const hostile = isHostile(stream('hostile'), found) ? stream('hostile fleet') : null;
  const servers = hostile ? found.map(hostileServer) : found;
  const temper = drawTemper(stream('temper'));
  const defaults = drawDefaults(fleet, temper);
  const drawn = drawModels(fleet, { servers, defaults, temper });
  const mannered = withCopies(stream('copies'), withManners(stream('manners'), drawn));
  const models = hostile ? mannered.map((one) => hostileModel(hostile, servers, one)) : mannered;
  return { servers, models, temper, defaults, hostile };
}

function drawCallers(stream: (name: string) => Random, cast: Cast, grain: number): HappeningOf<'ask'>[] {
  const classes = stream('classes');
  const asks = [...drawAsks(stream('arrivals'), cast), ...drawRushes(stream('rushes'), cast)];
  return withTenants(stream('tenants'), asks).map((ask) =>
    withClass(classes, onGrain(ask, { grain, storm: cast.storm })),
  );
}

/** What keeps its moment, whatever requests come. */
const drawUnaimed = (stream: (name: string) => Random, cast: Cast, grain: number): Happening[] => [
  ...drawFloods(stream('floods'), cast).map((ask) => onGrain(ask, { grain, storm: cast.storm })),
  ...drawLevers(stream('levers'), cast),
  ...drawLongLeases(stream('long leases'), cast),
  ...drawLateOrders(stream('late orders'), cast),
  ...drawChangedMinds(stream('changed minds'), cast),
  ...drawUndoneUnloads(stream('undone unloads'), cast),
  ...drawUnloadsAtOnce(stream('unloads at once'), cast),
  ...drawPressure(stream('pressure'), cast),
  ...drawAwaited(stream('awaited servers'), cast),
  ...drawLast(stream('last'), cast),
  ...drawBadSpells(stream('bad spells'), cast),
];

/** In most seeds no two things happen at once; in some they often do, and share a turn. */
function drawGrain(random: Random): number {
  return random.chance(0.7) ? 0 : random.pick([1, 10, 50]);
}

/** Asks, waits and hangs up where everything else arrives, too. */
function onGrain(
  ask: HappeningOf<'ask'>,
  { grain, storm }: { readonly grain: number; readonly storm: number },
): HappeningOf<'ask'> {
  if (grain === 0) return ask;
  const rounded = (ms: number): number => Math.ceil(ms / grain) * grain;
  const orNull = (ms: number | null): number | null => (ms === null ? null : rounded(ms));
  const { at, wait, giveUpAfter } = ask;
  return { ...ask, at: Math.min(rounded(at), storm), wait: orNull(wait), giveUpAfter: orNull(giveUpAfter) };
}

/** So long it takes to let go, one copy after the other, what demand had made. */
export const easing = ({ maxCopies }: Pick<Model, 'maxCopies'>): number => EASED * ((maxCopies ?? 1) - 1);

/** How long no requests come, so that it can be seen that what is idle is unloaded. */
function drawPatience(random: Random, models: readonly PlannedModel[]): number {
  const longest = random.chance(0.03) ? Infinity : WATCHED;
  const idle = models.map(({ model }) => Math.min(model.idleUnload ?? 0, longest));
  return Math.max(...idle) + SETTLED + Math.max(...models.map(({ model }) => easing(model)));
}
