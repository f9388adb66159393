import { Now } from '#core';
import { emptyFleet, type Fleet, scalingAndRemovals } from '#core';
import { declarations, DEVICES_PER_SERVER, fullShelves, type Scale } from '../core-site.js';
import { type Figure, median, quantile, rounded } from '../figure.js';
import { scalingView } from '../../../apps/scheduler/src/integrations/scaling/scaling-view.js';
import { decide } from '../../support/decide.js';

const FLEET: Scale = { models: 1_000, servers: 16 };
const GOAL_MS = 5;
const WARM_UP = 200;
const ASKED = 2_000;

/** What the answer to `GET /v1/scaling` takes with 1,000 models on 128 devices, all full and in use, as text. */
export function scalingSpeed(): Figure[] {
  let now = 1_000;
  const fleet = fullFleet(now);
  const took: number[] = [];
  let bytes = 0;
  let cpu = process.cpuUsage();
  for (let nth = 0; nth < WARM_UP + ASKED; nth += 1) {
    now += 1;
    if (nth === WARM_UP) cpu = process.cpuUsage();
    const began = performance.now();
    const { scaling, removals } = scalingAndRemovals(fleet, new Now(now));
    bytes = JSON.stringify(scalingView(scaling, scaling.wanted, removals)).length;
    if (nth >= WARM_UP) took.push(performance.now() - began);
  }
  const { user, system } = process.cpuUsage(cpu);
  const p99 = quantile(took, 0.99);
  return [
    {
      ...{ name: 'scaling_numbers', value: p99, unit: 'ms, p99', goal: `<= ${GOAL_MS}`, met: p99 <= GOAL_MS },
      details: {
        ...{
          p50: rounded(median(took)),
          cpuMs: rounded((user + system) / 1_000 / ASKED),
          bytes,
          models: FLEET.models,
          ready: fleet.replicas.size,
        },
        devices: FLEET.servers * DEVICES_PER_SERVER,
      },
    },
  ];
}

function fullFleet(now: number): Fleet {
  const shelves = fullShelves(FLEET);
  const fleet = emptyFleet();
  const actions = decide(fleet, declarations(FLEET, shelves), now);
  const looks = actions.flatMap((action) => {
    if (action.kind !== 'look') return [];
    const { server, scope, probeMode } = action;
    return [{ kind: 'Looked', server, look: shelves.get(server)!.look(now, scope, probeMode) } as const];
  });
  decide(fleet, looks, now);
  return fleet;
}
