import { Now } from '#core';
import {
  type Memory,
  memoryOf,
  type ModelId,
  modelState,
  replicasOf,
  type ServerId,
  type AccountId,
} from '#core';
import type { Engine } from '#engine';
import type { ModelMessage, PageMessage } from '#contracts';
import { Refused } from '../../transport/errors/refused.js';
import { hasLabels } from '../../transport/lists/label-selectors.js';
import { type ModelListQuery, pageOf } from '../../transport/lists/pages.js';
import type { TimeSlicer } from '../../transport/lists/time-slicer.js';
import type { WallTimes } from '../../transport/wall-times.js';
import type { Catalog } from './catalog.js';
import { type Entry, isDeclared } from './layers.js';
import { modelView, type Scene } from './model-view.js';
import { sure } from './no-server-yet.js';

/** The models there are: declared ones, and those that some server's repository lists. Reading starts nothing. */
export class ModelList {
  constructor(
    private readonly engine: Engine,
    private readonly catalog: Catalog,
    private readonly times: WallTimes,
    private readonly slicer: TimeSlicer,
  ) {}

  get scene(): Scene {
    const { fleet } = this.engine;
    let ledger: ((account: AccountId) => Memory) | undefined;
    const memory = (account: AccountId): Memory => (ledger ??= memoryOf(fleet))(account);
    return { fleet, now: this.engine.now(), times: this.times, memory };
  }

  /** The entry of a model that exists; refuses where there is none. */
  entry(name: string): Entry {
    const entry = this.catalog.entry(name);
    const { fleet } = this.engine;
    if (!isDeclared(entry) && !fleet.models.has(name as ModelId)) throw sure(fleet, unknownModel(name));
    return entry;
  }

  get(name: string): ModelMessage {
    return modelView(this.entry(name), this.scene);
  }

  /** A page of them, each as `tell` writes it. Each is as it is when it is written, never older than the request. */
  page<Told extends string | Uint8Array>(
    query: ModelListQuery,
    tell: (model: ModelMessage) => Told,
    signal: AbortSignal,
  ): Promise<PageMessage<Told>> {
    return this.slicer.run(
      pageOf(query, { names: () => this.names(), view: () => this.listed(query), tell }),
      signal,
    );
  }

  private names(): Set<string> {
    const names = new Set<string>(this.engine.fleet.models.keys());
    for (const { name } of this.catalog.declared()) names.add(name);
    return names;
  }

  private listed(query: ModelListQuery): (name: string) => ModelMessage | undefined {
    const { scene } = this;
    return (name) => {
      const entry = this.catalog.entry(name);
      const isThere = isDeclared(entry) || scene.fleet.models.has(name as ModelId);
      return isThere && passes(entry, query, scene) ? modelView(entry, scene) : undefined;
    };
  }
}

export const unknownModel = (name: string): Refused =>
  new Refused({
    reason: 'unknown_model',
    detail: `no model ${name} is declared or found`,
    members: { model: name },
  });

function passes(entry: Entry, { state, server, label }: ModelListQuery, { fleet, now }: Scene): boolean {
  const id = entry.name as ModelId;
  if (!hasLabels(entry.effective.labels, label)) return false;
  if (
    server !== undefined &&
    !replicasOf(fleet, id).some((replica) => replica.server === (server as ServerId))
  ) {
    return false;
  }
  return state === undefined || modelState(fleet, id, new Now(now)) === state;
}
