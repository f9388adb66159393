import { type ServerId, serverState } from '#core';
import type { Engine } from '#engine';
import type { WallTimes } from '../wall-times.js';
import { drainEvent } from './core-server.js';
import type { Links } from './links.js';
import type { Registry } from './registry.js';

/** Servers that the file names no longer: drained, and forgotten once nothing of ours is left on them. */
export class Leavers {
  private readonly draining = new Set<string>();

  constructor(
    private readonly engine: Engine,
    private readonly registry: Registry,
    private readonly links: Links,
    private readonly times: WallTimes,
  ) {}

  /** Begins to drain those that leave, and lets those stay that are named again. */
  follow(): void {
    const leaving = new Set(this.registry.leavingIds());
    for (const id of this.draining) if (!leaving.has(id)) this.keep(id);
    for (const id of leaving) {
      if (this.draining.has(id)) continue;
      this.draining.add(id);
      this.engine.tell({ kind: 'DrainOrdered', server: id as ServerId, deadline: null });
    }
  }

  /** Forgets those that hold nothing any more. */
  letGo(): void {
    this.follow();
    for (const id of this.draining) {
      const server = this.engine.fleet.servers.get(id as ServerId);
      const state = server && serverState(this.engine.fleet, server, this.engine.now());
      if (state !== undefined && state !== 'drained' && state !== 'lost') continue;
      this.draining.delete(id);
      this.registry.release(id);
      this.links.forget(id);
    }
  }

  private keep(id: string): void {
    this.draining.delete(id);
    const entry = this.registry.get(id);
    if (entry) this.engine.tell(drainEvent(entry, this.times));
  }
}
