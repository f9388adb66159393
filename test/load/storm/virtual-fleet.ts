import {
  type ActionOf,
  emptyFleet,
  type Event,
  type Millis,
  type Model,
  type ServerId,
  type ServerSpec,
} from '#core';
import { aModel, aServer } from '../../support/builders.js';
import { Random } from '../../simulation/random.js';
import { Shelf } from '../../support/shelf.js';
import { HELD_OF_DECLARED, PLAIN, type Truth, uuidOf } from '../virtual-memory.js';
import { heldMb, normal, type Workload } from './workload.js';

const MIB = 2 ** 20;
/** Standard deviations above the mean of a normal distribution that one in ten exceeds. */
export const ONE_IN_10 = 1.2816;

const COLD_START = emptyFleet().defaults.coldStart;

const modelsOf = ({ models, residencyMs, queuePerModel }: Workload): Model[] =>
  models.map(({ name, mb, class: of = 'default' }) =>
    aModel(name, {
      class: of,
      gpuBytes: mb * MIB,
      minResidency: residencyMs,
      coldStart: { ...COLD_START, maxQueue: queuePerModel },
      config: '{}',
    }),
  );

const serverIds = ({ servers }: Workload): ServerId[] =>
  Array.from({ length: servers }, (_, at) => `t${at}` as ServerId);

/** A core that does not know the interval of the metrics leaves it alone. */
function serverOf(workload: Workload, id: ServerId, metricsInterval: Millis): ServerSpec {
  const [memory, headroom] = [workload.gpuMb * MIB, heldMb(workload) * MIB];
  const devices = Array.from({ length: workload.gpus }, (_, ordinal) => {
    return { ordinal, uuid: uuidOf(id, ordinal), memory, headroom };
  });
  return aServer(id, [], { devices, ...({ metricsInterval } as object) });
}

/** What is true where nobody lies and nothing fails. */
export function plainTruth(workload: Workload): Truth {
  const gpus = Array.from({ length: workload.gpus }, () => workload.gpuMb * MIB);
  const takes = new Map(workload.models.map(({ name, mb }) => [name, mb * MIB * HELD_OF_DECLARED]));
  return { ...PLAIN, gpus: () => gpus, takes: (model) => Math.round(takes.get(model)!) };
}

/** All that is declared, as the configuration of the real service says it. */
export function declarations(workload: Workload, { interval }: Truth): Event[] {
  const { queue, loadsPerServer, loadsPerDevice, swapsPerMinute } = workload;
  const { limits: usual, defaults } = emptyFleet();
  const limits = { ...usual, globalQueue: queue, loadsPerServer, loadsPerDevice };
  return [
    { kind: 'LimitsSet', limits: { ...limits, loadsPerDevicePerMinute: swapsPerMinute }, defaults },
    ...modelsOf(workload).map((model): Event => ({ kind: 'ModelDeclared', model })),
    ...serverIds(workload).flatMap((id): Event[] => [
      { kind: 'ServerDeclared', server: serverOf(workload, id, interval) },
      { kind: 'ContactChanged', server: id, fact: 'connected' },
    ]),
  ];
}

/** Empty servers, each with all models in its repository. */
export const shelves = (workload: Workload): ReadonlyMap<ServerId, Shelf> =>
  new Map(serverIds(workload).map((id) => [id, new Shelf(workload.models.map(({ name }) => name))]));

/** How long a load takes: spread around the median of its model, by chance that is the same in every play. */
export const loadTimes =
  ({ models, loadSpread, slow }: Workload) =>
  ({ model, order }: ActionOf<'load'>): Millis => {
    const { loadMs } = models.find(({ name }) => name === model)!;
    const random = new Random(Number(order.slice(1)), model);
    const logarithm = loadSpread * normal(random);
    if (slow && random.chance(slow.share))
      return Math.round(slow.times * loadMs * Math.exp(loadSpread * ONE_IN_10));
    return Math.round(loadMs * Math.exp(logarithm));
  };
