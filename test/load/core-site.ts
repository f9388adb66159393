import type { Event, Model, ModelId, ServerId, ServerSpec } from '#core';
import { aModel, aServer } from '../support/builders.js';
import { Shelf } from '../support/shelf.js';
import { HELD_OF_DECLARED, PLAIN, type Truth } from './virtual-memory.js';

/** How large a fleet is played. Every server has eight GPUs. */
export interface Scale {
  readonly models: number;
  readonly servers: number;
}

export const SMALL: Scale = { models: 1_000, servers: 16 };
export const LARGE: Scale = { models: 10_000, servers: 128 };
export const DEVICES_PER_SERVER = 8;
const UNIT = 2 ** 30;
const DEVICE_UNITS = 24;
const MODEL_UNITS = [2, 3, 4, 5, 6];

export const modelIds = ({ models }: Scale): ModelId[] =>
  Array.from({ length: models }, (_, at) => `model-${at}` as ModelId);
const serverIds = ({ servers }: Scale): ServerId[] =>
  Array.from({ length: servers }, (_, at) => `server-${at}` as ServerId);

const unitsOf = (at: number): number => MODEL_UNITS[at % MODEL_UNITS.length]!;

const model = (id: string, units: number): Model =>
  aModel(id, { gpuBytes: units * UNIT, hostBytes: 1, minResidency: 30_000, config: '{}' });

const gpus = Array.from({ length: DEVICES_PER_SERVER }, () => DEVICE_UNITS * UNIT);

const server = (id: ServerId): ServerSpec => aServer(id, gpus);

/** What the servers really have, and the copies really hold. */
export function truthOf(scale: Scale): Truth {
  const takes = new Map(
    modelIds(scale).map((id, at) => [id, Math.round(unitsOf(at) * UNIT * HELD_OF_DECLARED)]),
  );
  return { ...PLAIN, gpus: () => gpus, takes: (model) => takes.get(model)! };
}

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
