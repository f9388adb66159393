import type { Fleet } from '../fleet/fleet.js';
import { dependenciesOf } from '../memory/footprint.js';
import type { ModelId } from '../fleet/ids.js';
import type { Millis } from '../fleet/model.js';
import { copiesOf, copiesOn } from '../memory/pins.js';
import { routableReplicas } from '../learned/routes.js';
import { meanOf } from '../learned/load-times.js';

/** How fast a model is served: `size` requests every `span`. */
export interface Throughput {
  readonly size: number;
  readonly span: Millis;
}

/** Requests of a backlog get their routes in groups, at most one in so long: each group is a turn. */
const SHORTEST_SPAN: Millis = 10;

/**
 * How fast the copies of a model that get routes serve it, all together:
 *
 *     instances * largest batch / mean time of an execution
 *
 * An ensemble is as fast as its slowest step. A copy whose config was not read counts as one instance without batches.
 * Null as long as nothing was served.
 */
export function throughputOf(fleet: Readonly<Fleet>, model: ModelId): Throughput | null {
  const servers = new Set(routableReplicas(fleet, model).map(({ server }) => server));
  return slowestOf(fleet, model, (part) => {
    let atOnce = 0;
    for (const replica of routableReplicas(fleet, part)) {
      if (!servers.has(replica.server)) continue;
      const { count, batch } = fleet.servers.get(replica.server)!.configs.get(part) ?? ONE_BY_ONE;
      atOnce += copiesOf(fleet, replica) * count * batch;
    }
    return atOnce;
  });
}

/** The throughput of a model; where no copy is ready, that of one copy, by the config that some server has for it. */
export const expectedThroughput = (fleet: Readonly<Fleet>, model: ModelId): Throughput | null =>
  throughputOf(fleet, model) ??
  slowestOf(fleet, model, (part) => {
    for (const { configs } of fleet.servers.values()) {
      const config = configs.get(part);
      if (config) return copiesOn(fleet.models.get(part), config.gpus) * config.count * config.batch;
    }
    return 1;
  });

/** The throughput of a model, or of the slowest step of an ensemble. `atOnce`: how many requests run together. */
function slowestOf(
  fleet: Readonly<Fleet>,
  model: ModelId,
  atOnce: (part: ModelId) => number,
): Throughput | null {
  const parts = fleet.steps.has(model) ? dependenciesOf(fleet, model) : [model];
  let slowest: Throughput | null = null;
  for (const part of parts) {
    const known = fleet.serviceTimes.get(part);
    const each = known ? meanOf(known) : 0;
    const one = each > 0 ? inWholeSpans(atOnce(part), each) : null;
    if (one && (!slowest || perMilli(one) < perMilli(slowest))) slowest = one;
  }
  return slowest;
}

function inWholeSpans(atOnce: number, each: Millis): Throughput | null {
  const rounds = Math.ceil(SHORTEST_SPAN / each);
  return atOnce === 0 ? null : { size: rounds * atOnce, span: Math.ceil(rounds * each) };
}

const perMilli = ({ size, span }: Throughput): number => size / span;

const ONE_BY_ONE = { count: 1, batch: 1 };
