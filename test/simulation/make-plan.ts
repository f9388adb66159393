import { drawAsks } from './draw/asks.js';
import { drawFaults } from './draw/faults.js';
import { drawModels } from './draw/models.js';
import { drawMeddling, drawOrders } from './draw/orders.js';
import { drawServers } from './draw/servers.js';
import { drawDefaults, drawLimits } from './draw/settings.js';
import type { Plan } from './plan.js';
import { Random } from './random.js';

const HOUR = 3_600_000;
/** The part of the time in which things go wrong; the rest is for coming to rest, and for staying so. */
const STORMY = 0.8;

/** Draws a fleet and all that happens to it. `hours` is all the time that is simulated, the quiet at the end included. */
export function makePlan(seed: number, { hours }: { readonly hours: number }): Plan {
  const stream = (name: string): Random => new Random(seed, name);
  const fleet = stream('fleet');
  const servers = drawServers(fleet, stream('late servers'));
  const defaults = drawDefaults(fleet);
  const models = drawModels(fleet, servers, defaults);
  const storm = Math.floor(hours * HOUR * STORMY);
  const cast = { servers, models, storm };
  const happenings = [
    ...drawAsks(stream('arrivals'), cast),
    ...drawOrders(stream('operator'), cast),
    ...drawMeddling(stream('strangers'), cast),
    ...drawFaults(seed, cast),
  ];
  return {
    version: 1,
    seed,
    storm,
    atLeast: Math.floor(hours * HOUR),
    servers,
    models,
    limits: drawLimits(stream('limits')),
    defaults,
    happenings: happenings.toSorted((one, other) => one.at - other.at),
  };
}
