import {
  type ActionOf,
  emptyFleet,
  type Event,
  type Millis,
  type Model,
  type ModelId,
  type ServerId,
  type ServerSpec,
} from '#core';
import { aModel, aServer } from '../../support/builders.js';
import { Random } from '../../simulation/random.js';
import { Shelf } from '../core-site.js';
import {
  modelRoomMb,
  normal,
  RESIDENCY_MS,
  SPREAD_OF_LOADS,
  type StormModel,
  SWAPS_PER_MINUTE,
  type Workload,
} from './workload.js';

const MIB = 2 ** 20;

const modelOf = ({ name, mb }: StormModel): Model =>
  aModel(name, { gpuBytes: mb * MIB, minResidency: RESIDENCY_MS, config: '{}' });

const serverIds = ({ servers }: Workload): ServerId[] =>
  Array.from({ length: servers }, (_, at) => `t${at}` as ServerId);

function serverOf(workload: Workload, id: ServerId): ServerSpec {
  const memory = modelRoomMb(workload) * MIB;
  return aServer(
    id,
    Array.from({ length: workload.gpus }, () => memory),
  );
}

/** All that is declared, as the configuration of the real service says it. */
export function declarations(workload: Workload): Event[] {
  const { queue, loadsPerServer, loadsPerDevice, models } = workload;
  const { limits: usual, defaults } = emptyFleet();
  const limits = { ...usual, globalQueue: queue, loadsPerServer, loadsPerDevice };
  return [
    { kind: 'LimitsSet', limits: { ...limits, loadsPerDevicePerMinute: SWAPS_PER_MINUTE }, defaults },
    ...models.map((model): Event => ({ kind: 'ModelDeclared', model: modelOf(model) })),
    ...serverIds(workload).flatMap((id): Event[] => [
      { kind: 'ServerDeclared', server: serverOf(workload, id) },
      { kind: 'ContactChanged', server: id, fact: 'connected' },
    ]),
  ];
}

/** Empty servers, each with all models in its repository. */
export const shelves = (workload: Workload): ReadonlyMap<ServerId, Shelf> =>
  new Map(
    serverIds(workload).map((id) => [id, new Shelf(workload.models.map(({ name }) => name as ModelId))]),
  );

/** How long a load takes: spread around the median of its model, by chance that is the same in every play. */
export function loadTimeOf({ models }: Workload, { model, order }: ActionOf<'load'>): Millis {
  const { loadMs } = models.find(({ name }) => name === model)!;
  const random = new Random(Number(order.slice(1)), model);
  return Math.round(loadMs * Math.exp(SPREAD_OF_LOADS * normal(random)));
}
