import type { PageMessage, ServerMessage } from '#contracts';
import { Refused } from '../../transport/errors/refused.js';
import type { Scene } from '../models/model-view.js';
import { hasLabels } from '../../transport/lists/label-selectors.js';
import { pageOf, type ServerListQuery } from '../../transport/lists/pages.js';
import type { TimeSlicer } from '../../transport/lists/time-slicer.js';
import type { Registry, ServerEntry } from './registry.js';
import { serverView } from './server-view.js';
import type { ConnectionErrors } from './connection-errors.js';

/** The servers there are. */
export class ServerList {
  constructor(
    private readonly registry: Registry,
    private readonly watched: { readonly scene: Scene },
    private readonly parts: { readonly slices: TimeSlicer; readonly troubles: ConnectionErrors },
  ) {}

  entry(id: string): ServerEntry {
    const entry = this.registry.get(id);
    if (entry === undefined) throw unknownServer(id);
    return entry;
  }

  get(id: string): ServerMessage {
    return this.view(this.entry(id));
  }

  /** A page of them, each as `tell` writes it. Each is as it is when it is written, never older than the request. */
  page<Told extends string | Uint8Array>(
    { server: only, ...query }: ServerListQuery,
    tell: (server: ServerMessage) => Told,
    signal: AbortSignal,
  ): Promise<PageMessage<Told>> {
    const all = (): string[] => this.registry.all().map(({ id }) => id);
    const names = (): string[] => all().filter((id) => only === undefined || id === only);
    return this.parts.slices.run(pageOf(query, { names, view: () => this.listed(query), tell }), signal);
  }

  private listed({
    state,
    label,
  }: Pick<ServerListQuery, 'state' | 'label'>): (id: string) => ServerMessage | undefined {
    const { scene } = this.watched;
    const { troubles } = this.parts;
    return (id) => {
      const entry = this.registry.get(id);
      if (entry === undefined || !hasLabels(entry.config.labels, label)) return undefined;
      const server = serverView(entry, scene, troubles.of(id));
      return state === undefined || server.state === state ? server : undefined;
    };
  }

  view(entry: ServerEntry): ServerMessage {
    return serverView(entry, this.watched.scene, this.parts.troubles.of(entry.id));
  }
}

const unknownServer = (id: string): Refused =>
  new Refused({ reason: 'unknown_server', detail: `no server ${id} is declared`, members: { server: id } });
