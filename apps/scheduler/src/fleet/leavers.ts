import { type ServerId, serverState } from '#core';
import type { Engine } from '#engine';
import type { Links } from './links.js';

/** Servers that the file names no longer: drained, and forgotten once nothing of ours is left on them. */
export class Leavers {
  private readonly ids = new Set<string>();

  constructor(
    private readonly engine: Engine,
    private readonly links: Links,
  ) {}

  drain(id: string): void {
    this.ids.add(id);
    this.engine.tell({ kind: 'DrainOrdered', server: id as ServerId, deadline: null });
  }

  /** It is named again. */
  keep(id: string): void {
    if (this.ids.delete(id)) this.engine.tell({ kind: 'DrainEnded', server: id as ServerId });
  }

  letGo(): void {
    for (const id of this.ids) {
      const server = this.engine.fleet.servers.get(id as ServerId);
      const state = server && serverState(this.engine.fleet, server, this.engine.now());
      if (state !== undefined && state !== 'drained' && state !== 'lost') continue;
      this.ids.delete(id);
      this.links.forget(id);
    }
  }
}
