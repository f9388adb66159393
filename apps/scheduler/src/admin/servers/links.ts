import { isDeepStrictEqual } from 'node:util';
import type { ServerConfig } from '#config';
import type { ServerId } from '#core';
import type { Engine, ModelServer, Trouble } from '#engine';
import type { WallTimes } from '../../transport/wall-times.js';
import { coreServer, drainEvent } from './core-server.js';
import type { ServerEntry } from './registry.js';
import type { ConnectionErrors } from './connection-errors.js';

/** How a server is reached, given what is declared of it, and what is to be told of what keeps it from being reached. */
export type OpenServer = (
  config: ServerConfig,
  tellTrouble: (trouble: Trouble | null) => void,
) => ModelServer;

const REACHED_BY = ['metrics', 'headers', 'tls'] as const;

/** Tells the engine of servers, and has each reached as it is declared. */
export class Links {
  private readonly open = new Map<string, ServerConfig>();

  constructor(
    private readonly engine: Engine,
    private readonly openServer: OpenServer,
    private readonly connectionErrors: ConnectionErrors,
  ) {}

  /** A server that is reached another way now is still the same: only the connection is made anew. */
  declare(config: ServerConfig): void {
    const before = this.open.get(config.id);
    this.open.set(config.id, config);
    const how = anew(before, config);
    if (how) this.connectionErrors.forget(config.id);
    const open = (): ModelServer =>
      this.openServer(config, (trouble) => this.connectionErrors.tell(config.id, trouble));
    this.engine.addServer(coreServer(config), open, how);
  }

  /** Has a server reached and drained as it is declared. One that has left is asked for nothing any more. */
  follow({ id, told, config, hasLeft }: ServerEntry, times: WallTimes): void {
    if (hasLeft) return this.has(id) ? this.forget(id) : undefined;
    if (!isDeepStrictEqual(this.open.get(id), config)) this.declare(config);
    this.engine.tell(drainEvent({ id, told }, times));
  }

  forget(id: string): void {
    this.open.delete(id);
    this.engine.removeServer(id as ServerId);
    this.connectionErrors.forget(id);
  }

  has(id: string): boolean {
    return this.open.has(id);
  }

  /** Whether the engine was told of a server as this says, the very object. */
  isDeclared(config: ServerConfig): boolean {
    return this.open.get(config.id) === config;
  }
}

/** Why another connection is made, where one is. */
function anew(before: ServerConfig | undefined, config: ServerConfig): 'closed' | 'moved' | null {
  if (before === undefined) return null;
  if (before.grpc !== config.grpc) return 'moved';
  return REACHED_BY.every((key) => isDeepStrictEqual(before[key], config[key])) ? null : 'closed';
}
