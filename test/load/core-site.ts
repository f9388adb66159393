import type { ActionOf, Event, IndexRow, Look, Model, ModelId, ServerId, ServerSpec } from '#core';
import { aModel, aServer } from '../support/builders.js';

/** How large a fleet is played. Every server has eight GPUs. */
export interface Scale {
  readonly models: number;
  readonly servers: number;
}

export const SMALL: Scale = { models: 1_000, servers: 16 };
export const LARGE: Scale = { models: 10_000, servers: 128 };
export const DEVICES_PER_SERVER = 8;
/** In units of the smallest model. */
const DEVICE_UNITS = 24;
const MODEL_UNITS = [2, 3, 4, 5, 6];

export const modelIds = ({ models }: Scale): ModelId[] =>
  Array.from({ length: models }, (_, at) => `model-${at}` as ModelId);
const serverIds = ({ servers }: Scale): ServerId[] =>
  Array.from({ length: servers }, (_, at) => `server-${at}` as ServerId);

const unitsOf = (at: number): number => MODEL_UNITS[at % MODEL_UNITS.length]!;

const model = (id: string, units: number): Model =>
  aModel(id, { gpuBytes: units, hostBytes: 1, minResidency: 30_000, config: '{}' });

const server = (id: ServerId): ServerSpec =>
  aServer(
    id,
    Array.from({ length: DEVICES_PER_SERVER }, () => DEVICE_UNITS),
  );

/** All that is declared, and that what is loaded is ours. Every server has every model in its repository. */
export function declarations(scale: Scale, shelves: ReadonlyMap<ServerId, Shelf>): Event[] {
  return [
    ...modelIds(scale).map((id, at): Event => {
      return { kind: 'ModelDeclared', model: model(id, unitsOf(at)) };
    }),
    ...serverIds(scale).map((id): Event => ({ kind: 'ServerDeclared', server: server(id) })),
    ...[...shelves].map(([server, { devices }]): Event => {
      return { kind: 'OrdersRemembered', server, models: [...devices.keys()] };
    }),
    ...serverIds(scale).map((id): Event => ({ kind: 'ContactChanged', server: id, fact: 'connected' })),
  ];
}

/** A Triton, as far as a look shows it. */
export class Shelf {
  readonly states: Map<ModelId, IndexRow['state']>;
  readonly devices = new Map<ModelId, number>();

  constructor(repository: readonly ModelId[]) {
    this.states = new Map(repository.map((id) => [id, '']));
  }

  copy(): Shelf {
    const copy = new Shelf([]);
    for (const [id, state] of this.states) copy.states.set(id, state);
    for (const [id, device] of this.devices) copy.devices.set(id, device);
    return copy;
  }

  put(id: ModelId, device: number): void {
    this.states.set(id, 'READY');
    this.devices.set(id, device);
  }

  lookAt({ scope, probeMode }: ActionOf<'look'>, begunAt: number, endedAt: number): Look {
    const rows = [...this.states];
    const serving = rows.filter(([, state]) => state === 'READY');
    return {
      begunAt,
      endedAt,
      index: scope === 'full' ? rows.map(([id, state]) => rowOf(id, state)) : null,
      serving: serving.map(([model]) => {
        return {
          model,
          version: '1',
          succeeded: 0,
          failed: 0,
          lastInference: 0,
          waited: 0,
          computed: 0,
          memory: [],
        };
      }),
      metrics: { gpus: [], hostMemory: 1e12, pending: new Map() },
      mode: probeMode ? 'explicit' : null,
      serverVersion: probeMode ? '2.51.0' : null,
    };
  }
}

/** As the adapter makes them: key by key. */
function rowOf(model: ModelId, state: IndexRow['state']): IndexRow {
  const version = state === '' ? '' : '1';
  const reason = state === 'UNAVAILABLE' ? 'unloaded' : '';
  return { model, version, state, reason };
}

/** Servers on whose devices there is no room for one more model. */
export function fullShelves(scale: Scale): ReadonlyMap<ServerId, Shelf> {
  const models = modelIds(scale);
  const shelves = new Map(serverIds(scale).map((id) => [id, new Shelf(models)]));
  const free = [...shelves.values()].flatMap((shelf) =>
    Array.from({ length: DEVICES_PER_SERVER }, (_, device) => ({ shelf, device, units: DEVICE_UNITS })),
  );
  for (const [at, id] of models.entries()) {
    const place = free.find(({ units }) => units >= unitsOf(at));
    if (place === undefined) continue;
    place.units -= unitsOf(at);
    place.shelf.put(id, place.device);
  }
  return shelves;
}
