import { Inject, Injectable } from '@nestjs/common';
import { readServerSpec } from '#config';
import type { DeclaredServer } from '#engine';
import type { ServerMessage } from '#contracts';
import { type BrokenRule, invalid, Refused } from '../../transport/errors/refused.js';
import { type Caller, checkIfMatch, checkPut } from '../../transport/access/caller.js';
import { type Prepared, type Written, Writes } from '../idempotency/writes.js';
import { addressOf, misled } from './file-headers.js';
import { Registry, type ServerEntry } from './registry.js';
import { ServerRemoval } from './server-removal.js';
import { Links } from './links.js';
import { ServerList } from './server-list.js';
import { WallTimes } from '../../transport/wall-times.js';

/** Declares and forgets servers, and drains them. */
@Injectable()
export class ServerWrites {
  constructor(
    @Inject(ServerRemoval) private readonly removal: ServerRemoval,
    @Inject(Links) private readonly links: Links,
    @Inject(Registry) private readonly registry: Registry,
    @Inject(ServerList) private readonly servers: ServerList,
    @Inject(WallTimes) private readonly times: WallTimes,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  /** Replaces what the API said of the server. A drain goes on. */
  put(id: string, body: unknown, caller: Caller): Promise<Written<ServerMessage>> {
    const { links, registry, servers, times, writes } = this;
    const operation = { method: 'PUT', path: pathOf(id), body, caller, present: () => servers.get(id) };
    return writes.perform(operation, () => {
      const before = registry.get(id);
      const isNew = before?.told?.spec == null;
      checkPut(caller, before?.revision ?? null, isNew);
      const checked = readServerSpec(body);
      if (!checked.ok) throw invalid(checked.errors);
      const { joined: _, end, ...kept } = nextOf(registry, id);
      const next = { ...kept, ...(end?.said === 'leaving' && { end }), spec: checked.value };
      const after = entryAfter(registry, id, next);
      checkTogether(registry, after);
      const takeUp = (): void => (before?.hasLeft ? links.follow(after, times) : links.declare(after.config));
      return this.prepared(after, next, isNew ? 201 : 200, takeUp);
    });
  }

  /** Forgets the server; its models stay loaded. */
  remove(id: string, caller: Caller): Promise<Written<null>> {
    const { links, registry, servers, times, writes } = this;
    const operation = { method: 'DELETE', path: pathOf(id), body: null, caller, present: () => null };
    return writes.perform(operation, () => {
      const before = servers.entry(id);
      checkIfMatch(caller, before.revision);
      if (before.told?.spec == null) throw declaredInFile(before);
      const { drain, end } = before.told;
      const kept = before.inFile ? { drain, ...(end && { end }) } : { drain: null };
      const next: DeclaredServer = { revision: before.revision + 1, spec: null, ...kept };
      const commit = (): void => {
        registry.set(id, next);
        const left = registry.get(id);
        if (left) links.follow(left, times);
        else links.forget(id);
      };
      return { changes: [{ kind: 'server', id, value: next }], status: 204, view: () => null, commit };
    });
  }

  /** No more routes and loads there; what serves is loaded elsewhere first. Survives a restart. */
  drain(id: string, deadlineMs: number | null | undefined, caller: Caller): Promise<Written<ServerMessage>> {
    const body = { deadlineMs: deadlineMs ?? null };
    const { registry, times } = this;
    return this.order(id, 'drain', body, caller, () => {
      const { since = new Date(times.wallNow()).toISOString() } = registry.get(id)?.told?.drain ?? {};
      const deadline = deadlineMs == null ? null : new Date(times.wallNow() + deadlineMs).toISOString();
      return { deadline, since, by: caller.credential };
    });
  }

  /** Ends a drain, and what a webhook said of the end of the server. */
  undrain(id: string, caller: Caller): Promise<Written<ServerMessage>> {
    return this.order(id, 'undrain', null, caller, () => null);
  }

  private order(
    id: string,
    verb: string,
    body: unknown,
    caller: Caller,
    drainOf: () => DeclaredServer['drain'],
  ): Promise<Written<ServerMessage>> {
    const { removal, links, registry, servers, times, writes } = this;
    const path = `${pathOf(id)}/${verb}`;
    const operation = { method: 'POST', path, body, caller, present: () => servers.get(id) };
    return writes.perform(operation, () => {
      checkIfMatch(caller, servers.entry(id).revision);
      const drain = drainOf();
      const { end, ...kept } = nextOf(registry, id);
      const next = { ...kept, ...(drain && end && { end }), drain };
      const after = entryAfter(registry, id, next);
      return this.prepared(after, next, 200, () => {
        links.follow(after, times);
        if (drain === null) removal.stay(id);
      });
    });
  }

  /** The write of a record. `takeUp` has it take effect beyond the registry. */
  private prepared(
    after: ServerEntry,
    next: DeclaredServer,
    status: number,
    takeUp: () => void,
  ): Prepared<ServerMessage> {
    const { registry, servers } = this;
    const { id } = after;
    return {
      changes: [{ kind: 'server', id, value: next }],
      status,
      view: () => servers.view(after),
      commit: () => {
        registry.set(id, next);
        takeUp();
      },
    };
  }
}

/** The record that follows the present one. */
function nextOf(registry: Registry, id: string): DeclaredServer {
  const told = registry.get(id)?.told ?? { spec: null, drain: null };
  return { ...told, revision: registry.revisionOf(id) + 1 };
}

function entryAfter(registry: Registry, id: string, next: DeclaredServer): ServerEntry {
  const after = registry.entryWith(id, next);
  if (after === undefined) throw new Error(`a server without a spec was declared: ${id}`);
  return after;
}

/** No two servers have one address, those of one host agree on its memory, and headers of the file stay with its address. */
function checkTogether(registry: Registry, entry: ServerEntry): void {
  const broken = brokenTogether(registry, entry);
  if (broken.length > 0) throw invalid(broken);
}

/** The rules that a server would break together with the others. */
export function brokenTogether(
  registry: Registry,
  { config, misleading }: ServerEntry,
): readonly BrokenRule[] {
  // What DNS told of gives way to what is declared.
  const others = registry.all().filter(({ id, source }) => id !== config.id && source !== 'discovered');
  const broken: BrokenRule[] = misleading.map(misled);
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
  return broken;
}

const pathOf = (id: string): string => `/v1/servers/${id}`;

function declaredInFile({ id, source }: ServerEntry): Refused {
  const how =
    source === 'discovered'
      ? 'found by DNS, as the configuration file asks'
      : 'declared in the configuration file or by a flag';
  return new Refused({
    reason: 'declared_in_file',
    detail: `server ${id} is ${how}`,
    members: { server: id },
  });
}
