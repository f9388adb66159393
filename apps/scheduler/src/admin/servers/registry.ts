import { completeServer, type ServerConfig, type ServerSpec } from '#config';
import type { DeclaredServer } from '#engine';
import type { RouteServerMessage } from '#contracts';
import { JoinAllowList } from './join-allow-list.js';
import { addressOf, type KeyOfReach, keepHeaders } from './file-headers.js';

/** A server that DNS told of, and what is to be done with it. */
export interface FoundServer {
  readonly config: ServerConfig;
  /** How long it has to drain, in ms: it leaves. Null: it stays. */
  readonly leaveMs: number | null;
}

/** All that was said of one server, and what holds in the end. */
export interface ServerEntry {
  readonly id: string;
  readonly source: 'file' | 'api' | 'discovered';
  readonly revision: number;
  /** Whether the file, a flag or the demo names it. */
  readonly inFile: boolean;
  readonly told: DeclaredServer | undefined;
  /** Whether a webhook said that it is gone: it is listed, and asked for nothing. */
  readonly hasLeft: boolean;
  readonly config: ServerConfig;
  /** Keys of the API for which the headers of the file are left out of `config`. */
  readonly misleading: readonly KeyOfReach[];
}

/** What is declared of every server, in memory. It only knows; what is written goes through ServerWrites. */
export class Registry {
  private base: ReadonlyMap<string, ServerConfig>;
  private leaving = new Map<string, ServerConfig>();
  private found: ReadonlyMap<string, FoundServer> = new Map();
  private readonly told: Map<string, DeclaredServer>;
  private readonly entries = new Map<string, ServerEntry>();
  /** Rises with every change of an entry. */
  changes = 0;
  private readonly routes = new Map<string, RouteServerMessage>();

  constructor(
    base: readonly ServerConfig[],
    told: ReadonlyMap<string, DeclaredServer>,
    private allowList = new JoinAllowList(),
  ) {
    this.base = byId(base);
    this.told = new Map(told);
    this.rebuild();
  }

  /** Takes up another file. Servers gone from it are leaving: known until they are forgotten. */
  setBase(base: readonly ServerConfig[], allowList = this.allowList): void {
    this.allowList = allowList;
    const before = [...this.base.values(), ...this.leaving.values()];
    this.base = byId(base);
    this.leaving = byId(before.filter(({ id }) => !this.base.has(id)));
    this.rebuild();
  }

  /** Whether a webhook may have a server join at this host, an address without brackets or a name. */
  mayJoinAt(host: string): boolean {
    return this.allowList.allows(host);
  }

  /** Takes up what DNS told. What is declared under the same name or address holds: no server is there twice. */
  setFound(found: readonly FoundServer[]): void {
    for (const { config, leaveMs } of found) {
      if (leaveMs === null && this.leaving.delete(config.id)) this.renew(config.id);
    }
    const declared = this.all().filter(({ source }) => source !== 'discovered');
    const taken = new Set(declared.map(({ config }) => addressOf(config)));
    const before = this.found;
    const free = found.filter(({ config }) => !taken.has(addressOf(config)));
    this.found = new Map(free.map((one) => [one.config.id, one]));
    for (const id of new Set([...before.keys(), ...this.found.keys()])) {
      if (before.get(id)?.config !== this.found.get(id)?.config) this.renew(id);
    }
  }

  /** The servers that are there because DNS told of them. */
  discovered(): ServerEntry[] {
    return [...this.found.keys()].flatMap((id) => {
      const entry = this.entries.get(id);
      return entry?.source === 'discovered' ? [entry] : [];
    });
  }

  /** The servers that are to go: named neither by the file nor over the API, or gone from DNS. In ms how long each has; null: as it needs. */
  leavers(): ReadonlyMap<string, number | null> {
    const isTold = (id: string): boolean => this.told.get(id)?.spec != null;
    const gone = [...this.leaving.keys()].filter((id) => !isTold(id)).map((id) => [id, null] as const);
    const lost = this.discovered().map(({ id }) => [id, this.found.get(id)!.leaveMs] as const);
    return new Map([...gone, ...lost.filter(([, leaveMs]) => leaveMs !== null)]);
  }

  /** Forgets what the file or DNS once said of a server. */
  release(id: string): void {
    const found = new Map(this.found);
    if (!this.leaving.delete(id) && !found.delete(id)) return;
    this.found = found;
    this.renew(id);
  }

  /** Null: nothing is known of it any more but what the file says. */
  set(id: string, told: DeclaredServer | null): void {
    if (told === null) this.told.delete(id);
    else this.told.set(id, told);
    this.renew(id);
  }

  get(id: string): ServerEntry | undefined {
    return this.entries.get(id);
  }

  all(): ServerEntry[] {
    return [...this.entries.values()];
  }

  /** What is stored of a name, also of one whose server is gone. */
  toldOf(id: string): DeclaredServer | undefined {
    return this.told.get(id);
  }

  /** The revision a name had last, also one whose server is gone. */
  revisionOf(id: string): number {
    return this.told.get(id)?.revision ?? 0;
  }

  /** How the entry would be if this were told; undefined: there would be no such server. */
  entryWith(id: string, told: DeclaredServer | undefined): ServerEntry | undefined {
    const below = this.below(id, told);
    const layered = this.layered(id, told, below);
    if (layered === undefined) return undefined;
    return {
      ...{ id, source: sourceOf(specOver(told, below), below), revision: told?.revision ?? 0, told },
      ...{ inFile: below !== undefined, hasLeft: told?.end?.said === 'left' },
      ...keepHeaders(layered, below),
    };
  }

  /** What routes tell of a server. The same object each time. */
  routeServer(id: string): RouteServerMessage {
    return this.routes.get(id) ?? { id, grpc: '', http: null, labels: {} };
  }

  /** What the file says. What it said once is of no use where a webhook has declared the server. */
  private below(id: string, told: DeclaredServer | undefined): ServerConfig | undefined {
    return this.base.get(id) ?? (told?.joined ? undefined : this.leaving.get(id));
  }

  private layered(
    id: string,
    told: DeclaredServer | undefined,
    below: ServerConfig | undefined,
  ): ServerConfig | undefined {
    const spec = specOver(told, below);
    if (spec === null) return below ?? this.found.get(id)?.config;
    const server = apiOver(id, spec, below);
    return told?.joined ? this.allowList.reached(server) : server;
  }

  private rebuild(): void {
    this.changes += 1;
    this.entries.clear();
    this.routes.clear();
    const ids = new Set([
      ...this.base.keys(),
      ...this.leaving.keys(),
      ...this.found.keys(),
      ...this.told.keys(),
    ]);
    for (const id of ids) this.renew(id);
  }

  /** What is told of one server says nothing of the others. */
  private renew(id: string): void {
    this.changes += 1;
    const entry = this.entryWith(id, this.told.get(id));
    this.entries.delete(id);
    this.routes.delete(id);
    if (entry === undefined) return;
    const { grpc, http, labels } = entry.config;
    this.entries.set(id, entry);
    this.routes.set(id, { id, grpc, http, labels });
  }
}

/** A webhook changes nothing of what the file declares, also where it came first. */
const specOver = (told: DeclaredServer | undefined, below: ServerConfig | undefined): ServerSpec | null =>
  told?.joined && below !== undefined ? null : ((told?.spec ?? null) as ServerSpec | null);

function sourceOf(spec: DeclaredServer['spec'], inFile: ServerConfig | undefined): ServerEntry['source'] {
  if (inFile !== undefined) return 'file';
  return spec === null ? 'discovered' : 'api';
}

const byId = (servers: readonly ServerConfig[]) => new Map(servers.map((server) => [server.id, server]));

/** The keys the API set, over those of the file. It names no file: `readServerSpec` and `withoutStoredFiles` see to that. */
function apiOver(id: string, spec: ServerSpec, below: ServerConfig | undefined): ServerConfig {
  const server = completeServer(id, 'api', spec);
  if (below === undefined) return server;
  const set = Object.keys(spec) as (keyof ServerSpec)[];
  return { ...below, ...Object.fromEntries(set.map((key) => [key, server[key]])) };
}
