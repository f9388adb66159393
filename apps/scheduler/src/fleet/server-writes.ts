import { type ConfigError, readServerSpec } from '#config';
import type { Event, ServerId } from '#core';
import type { Engine, ToldServer } from '#engine';
import type { ServerMessage } from '#contracts';
import { invalid, Refused } from '../errors/refused.js';
import { addressOf, misled } from './file-headers.js';
import type { WallTimes } from '../wall-times.js';
import { type Caller, checkIfMatch, checkPut } from '../writes/caller.js';
import type { Prepared, Writes, Written } from '../writes/writes.js';
import type { Links } from './links.js';
import type { Registry, ServerEntry } from './registry.js';
import type { ServerList } from './server-list.js';

/** Declares and forgets servers, and drains them. */
export class ServerWrites {
  constructor(
    private readonly engine: Engine,
    private readonly registry: Registry,
    private readonly links: Links,
    private readonly servers: ServerList,
    private readonly outside: { readonly writes: Writes; readonly times: WallTimes },
  ) {}

  /** Replaces what the API said of the server. A drain goes on. */
  put(id: string, body: unknown, caller: Caller): Promise<Written<ServerMessage>> {
    return this.outside.writes.perform(
      { method: 'PUT', path: pathOf(id), body, caller, present: this.present(id) },
      () => {
        const before = this.registry.get(id);
        const isNew = before?.told?.spec == null;
        checkPut(caller, before?.revision ?? null, isNew);
        const checked = readServerSpec(body);
        if (!checked.ok) throw invalid(checked.errors);
        const next = { ...this.next(id), spec: checked.value };
        const after = this.entryAfter(id, next);
        this.checkTogether(after);
        return {
          ...this.store(after, next, isNew ? 201 : 200),
          commit: () => {
            this.registry.set(id, next);
            this.links.declare(after.config);
          },
        };
      },
    );
  }

  /** Forgets the server; its models stay loaded. */
  remove(id: string, caller: Caller): Promise<Written<null>> {
    return this.outside.writes.perform(
      { method: 'DELETE', path: pathOf(id), body: null, caller, present: () => null },
      () => {
        const before = this.servers.entry(id);
        checkIfMatch(caller, before.revision);
        if (before.told?.spec == null) throw declaredInFile(id);
        const drain = before.inFile ? before.told.drain : null;
        const next: ToldServer = { revision: before.revision + 1, spec: null, drain };
        const commit = (): void => {
          this.registry.set(id, next);
          const left = this.registry.get(id);
          if (left) this.links.declare(left.config);
          else this.links.forget(id);
        };
        return { changes: [{ kind: 'server', id, value: next }], status: 204, view: () => null, commit };
      },
    );
  }

  /** No more routes and loads there; what serves is loaded elsewhere first. Survives a restart. */
  drain(id: string, deadlineMs: number | null | undefined, caller: Caller): Promise<Written<ServerMessage>> {
    const path = `${pathOf(id)}/drain`;
    const body = { deadlineMs: deadlineMs ?? null };
    return this.outside.writes.perform(
      { method: 'POST', path, body, caller, present: this.present(id) },
      () => {
        checkIfMatch(caller, this.servers.entry(id).revision);
        const { times } = this.outside;
        const deadline = deadlineMs == null ? null : new Date(times.wallNow() + deadlineMs).toISOString();
        return this.drainTo(id, { deadline });
      },
    );
  }

  undrain(id: string, caller: Caller): Promise<Written<ServerMessage>> {
    const path = `${pathOf(id)}/undrain`;
    return this.outside.writes.perform(
      { method: 'POST', path, body: null, caller, present: this.present(id) },
      () => {
        checkIfMatch(caller, this.servers.entry(id).revision);
        return this.drainTo(id, null);
      },
    );
  }

  private present(id: string): () => ServerMessage {
    return () => this.servers.get(id);
  }

  private drainTo(id: string, drain: ToldServer['drain']): Prepared<ServerMessage> {
    const next = { ...this.next(id), drain };
    const after = this.entryAfter(id, next);
    return {
      ...this.store(after, next, 200),
      commit: () => {
        this.registry.set(id, next);
        this.engine.tell(drainEvent(after, this.outside.times));
      },
    };
  }

  private store(
    after: ServerEntry,
    next: ToldServer,
    status: number,
  ): Omit<Prepared<ServerMessage>, 'commit'> {
    const changes = [{ kind: 'server', id: after.id, value: next } as const];
    return { changes, status, view: () => this.servers.view(after) };
  }

  /** The record that follows the present one. */
  private next(id: string): ToldServer {
    const told = this.registry.get(id)?.told;
    return {
      revision: this.registry.revisionOf(id) + 1,
      spec: told?.spec ?? null,
      drain: told?.drain ?? null,
    };
  }

  private entryAfter(id: string, next: ToldServer): ServerEntry {
    const after = this.registry.entryWith(id, next);
    if (after === undefined) throw new Error(`a server without a spec was declared: ${id}`);
    return after;
  }

  /** No two servers have one address, those of one host agree on its memory, and headers of the file stay with its address. */
  private checkTogether({ config, misleading }: ServerEntry): void {
    const others = this.registry.all().filter(({ id }) => id !== config.id);
    const broken: Pick<ConfigError, 'path' | 'rule'>[] = misleading.map(misled);
    for (const { id, config: other } of others) {
      if (addressOf(other) === addressOf(config)) {
        broken.push({ path: 'grpc', rule: `must be unique: server ${id} has it too` });
      }
      const memories = [other.hostMemoryMb, config.hostMemoryMb];
      if (other.host === config.host && !memories.includes(null) && memories[0] !== memories[1]) {
        const rule = `must be the same for all servers of host ${config.host} (${other.hostMemoryMb})`;
        broken.push({ path: 'hostMemoryMb', rule });
      }
    }
    if (broken.length > 0) throw invalid(broken);
  }
}

/** What the engine is told of a drain, or of its end. */
export function drainEvent({ id, told }: ServerEntry, times: WallTimes): Event {
  const server = id as ServerId;
  if (told?.drain == null) return { kind: 'DrainEnded', server };
  const { deadline } = told.drain;
  return { kind: 'DrainOrdered', server, deadline: deadline === null ? null : times.instantOf(deadline) };
}

const pathOf = (id: string): string => `/v1/servers/${id}`;

const declaredInFile = (id: string): Refused =>
  new Refused({
    reason: 'declared_in_file',
    detail: `server ${id} is declared in the configuration file or by a flag`,
    members: { server: id },
  });
