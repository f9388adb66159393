import { isDeepStrictEqual } from 'node:util';
import type { ServerConfig } from '#config';
import type { ServerId } from '#core';
import type { Engine, ModelServer } from '#engine';
import { coreServer } from './core-server.js';

/** How a server is reached, given what is declared of it. */
export type OpenServer = (config: ServerConfig) => ModelServer;

const REACHED_BY = ['grpc', 'metrics', 'headers', 'tls'] as const;

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
    const open = (): ModelServer => this.openServer(config);
    this.open.set(config.id, config);
    if (before === undefined || REACHED_BY.every((key) => isDeepStrictEqual(before[key], config[key])))
      this.engine.addServer(coreServer(config), open);
    else this.engine.reachServer(coreServer(config), open, before.grpc !== config.grpc);
  }

  forget(id: string): void {
    this.open.delete(id);
    this.engine.removeServer(id as ServerId);
  }

  has(id: string): boolean {
    return this.open.has(id);
  }
}
