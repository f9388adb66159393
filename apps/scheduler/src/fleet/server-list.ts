import type { PageMessage, ServerMessage } from '#contracts';
import { Refused } from '../errors/refused.js';
import type { Scene } from '../models/model-view.js';
import { hasLabels } from '../label-selectors.js';
import { pageOf, type ServerListQuery } from '../pages.js';
import type { Registry, ServerEntry } from './registry.js';
import { serverView } from './server-view.js';

/** The servers there are. */
export class ServerList {
  constructor(
    private readonly registry: Registry,
    private readonly watched: { readonly scene: Scene },
  ) {}

  entry(id: string): ServerEntry {
    const entry = this.registry.get(id);
    if (entry === undefined) throw unknownServer(id);
    return entry;
  }

  get(id: string): ServerMessage {
    return this.view(this.entry(id));
  }

  page({ state, label, server: only, ...page }: ServerListQuery): PageMessage<ServerMessage> {
    const all = this.registry.all().map(({ id }) => id);
    const ids = only === undefined ? all : all.filter((id) => id === only);
    return pageOf(ids, page, (id) => {
      const server = this.get(id);
      return hasLabels(server.labels, label) && (state === undefined || server.state === state)
        ? server
        : undefined;
    });
  }

  view(entry: ServerEntry): ServerMessage {
    return serverView(entry, this.watched.scene);
  }
}

const unknownServer = (id: string): Refused =>
  new Refused({ reason: 'unknown_server', detail: `no server ${id} is declared`, members: { server: id } });
