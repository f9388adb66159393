import { isDeepStrictEqual } from 'node:util';
import type { ServerConfig } from '#config';
import type { ServerId } from '#core';
import type { Engine, ModelServer } from '#engine';
import { coreServer } from './core-server.js';

/** How a server is reached, given what is declared of it. */
export type OpenServer = (config: ServerConfig) => ModelServer;

const REACHED_BY = ['metrics', 'headers', 'tls'] as const;

/** Tells the engine of servers, and has each reached as it is declared. */
export class Links {
  private readonly open = new Map<string, ServerConfig>();

  constructor(
    private readonly engine: Engine,
    private readonly openServer: OpenServer,
  ) {}

  /** A server that is reached another way now is still the same: only the connection is made anew. */
  declare(config: ServerConfig): void {
    const before = this.open.get(config.id);
    this.open.set(config.id, config);
    this.engine.addServer(coreServer(config), () => this.openServer(config), anew(before, config));
  }

  forget(id: string): void {
    this.open.delete(id);
    this.engine.removeServer(id as ServerId);
  }

  has(id: string): boolean {
    return this.open.has(id);
  }
}

/** Why another connection is made, where one is. */
function anew(before: ServerConfig | undefined, config: ServerConfig): 'closed' | 'moved' | null {
  if (before === undefined) return null;
  if (before.grpc !== config.grpc) return 'moved';
  return REACHED_BY.every((key) => isDeepStrictEqual(before[key], config[key])) ? null : 'closed';
}
