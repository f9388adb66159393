import { Inject, Injectable } from '@nestjs/common';
import type { PageMessage, ServerMessage } from '#contracts';
import { Refused } from '../../transport/errors/refused.js';
import type { Scene } from '../models/model-view.js';
import { hasLabels } from '../../transport/lists/label-selectors.js';
import { pageOf, type ServerListQuery } from '../../transport/lists/pages.js';
import { TimeSlicer } from '../../transport/lists/time-slicer.js';
import { ModelList } from '../models/model-list.js';
import { Registry, type ServerEntry } from './registry.js';
import { serverView } from './server-view.js';
import { ConnectionErrors } from './connection-errors.js';

/** The servers there are. */
@Injectable()
export class ServerList {
  constructor(
    @Inject(Registry) private readonly registry: Registry,
    @Inject(ModelList) private readonly watched: { readonly scene: Scene },
    @Inject(TimeSlicer) private readonly slicer: TimeSlicer,
    @Inject(ConnectionErrors) private readonly connectionErrors: ConnectionErrors,
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
    return this.slicer.run(pageOf(query, { names, view: () => this.listed(query), tell }), signal);
  }

  private listed({
    state,
    label,
  }: Pick<ServerListQuery, 'state' | 'label'>): (id: string) => ServerMessage | undefined {
    const { scene } = this.watched;
    const { connectionErrors } = this;
    return (id) => {
      const entry = this.registry.get(id);
      if (entry === undefined || !hasLabels(entry.config.labels, label)) return undefined;
      const server = serverView(entry, scene, connectionErrors.of(id));
      return state === undefined || server.state === state ? server : undefined;
    };
  }

  view(entry: ServerEntry): ServerMessage {
    return serverView(entry, this.watched.scene, this.connectionErrors.of(entry.id));
  }
}

const unknownServer = (id: string): Refused =>
  new Refused({ reason: 'unknown_server', detail: `no server ${id} is declared`, members: { server: id } });
