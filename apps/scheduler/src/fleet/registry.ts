import { completeServer, type ServerConfig, type ServerSpec } from '#config';
import type { ToldServer } from '#engine';
import type { RouteServerMessage } from '#contracts';
import { type KeyOfReach, keepHeaders } from './file-headers.js';

/** All that was said of one server, and what holds in the end. */
export interface ServerEntry {
  readonly id: string;
  readonly source: 'file' | 'api';
  readonly revision: number;
  /** Whether the file, a flag or the demo names it. */
  readonly inFile: boolean;
  readonly told: ToldServer | undefined;
  readonly config: ServerConfig;
  /** Keys of the API for which the headers of the file are left out of `config`. */
  readonly misleading: readonly KeyOfReach[];
}

/** What is declared of every server, in memory. It only knows; what is written goes through ServerWrites. */
export class Registry {
  private base: ReadonlyMap<string, ServerConfig>;
  private leaving = new Map<string, ServerConfig>();
  private readonly told: Map<string, ToldServer>;
  private readonly entries = new Map<string, ServerEntry>();
  private readonly routes = new Map<string, RouteServerMessage>();

  constructor(base: readonly ServerConfig[], told: ReadonlyMap<string, ToldServer>) {
    this.base = byId(base);
    this.told = new Map(told);
    this.rebuild();
  }

  /** Takes up another file. Servers gone from it are leaving: known until they are forgotten. */
  setBase(base: readonly ServerConfig[]): void {
    const before = [...this.base.values(), ...this.leaving.values()];
    this.base = byId(base);
    this.leaving = byId(before.filter(({ id }) => !this.base.has(id)));
    this.rebuild();
  }

  /** The servers that are named no longer, neither by the file nor over the API. */
  leavingIds(): string[] {
    return [...this.leaving.keys()].filter((id) => this.told.get(id)?.spec == null);
  }

  /** Forgets what the file once said of a server. */
  release(id: string): void {
    if (this.leaving.delete(id)) this.rebuild();
  }

  set(id: string, told: ToldServer): void {
    this.told.set(id, told);
    this.renew(id);
  }

  get(id: string): ServerEntry | undefined {
    return this.entries.get(id);
  }

  all(): ServerEntry[] {
    return [...this.entries.values()];
  }

  /** The revision a name had last, also one whose server is gone. */
  revisionOf(id: string): number {
    return this.told.get(id)?.revision ?? 0;
  }

  /** How the entry would be if this were told; undefined: there would be no such server. */
  entryWith(id: string, told: ToldServer | undefined): ServerEntry | undefined {
    const below = this.base.get(id) ?? this.leaving.get(id);
    const spec = (told?.spec ?? null) as ServerSpec | null;
    const layered = spec === null ? below : apiOver(id, spec, below);
    if (layered === undefined) return undefined;
    const source = below === undefined ? 'api' : 'file';
    return {
      ...{ id, source, revision: told?.revision ?? 0, inFile: below !== undefined, told },
      ...keepHeaders(layered, below),
    };
  }

  /** What routes tell of a server. The same object each time. */
  routeServer(id: string): RouteServerMessage {
    return this.routes.get(id) ?? { id, grpc: '', http: null, labels: {} };
  }

  private rebuild(): void {
    this.entries.clear();
    this.routes.clear();
    const ids = new Set([...this.base.keys(), ...this.leaving.keys(), ...this.told.keys()]);
    for (const id of ids) this.renew(id);
  }

  /** What is told of one server says nothing of the others. */
  private renew(id: string): void {
    const entry = this.entryWith(id, this.told.get(id));
    this.entries.delete(id);
    this.routes.delete(id);
    if (entry === undefined) return;
    const { grpc, http, labels } = entry.config;
    this.entries.set(id, entry);
    this.routes.set(id, { id, grpc, http, labels });
  }
}

const byId = (servers: readonly ServerConfig[]) => new Map(servers.map((server) => [server.id, server]));

/** The keys the API set, over those of the file. It names no file: `readServerSpec` and `withoutStoredFiles` see to that. */
function apiOver(id: string, spec: ServerSpec, below: ServerConfig | undefined): ServerConfig {
  const { server } = completeServer(id, 'api', spec);
  if (below === undefined) return server;
  const set = Object.keys(spec) as (keyof ServerSpec)[];
  return { ...below, ...Object.fromEntries(set.map((key) => [key, server[key]])) };
}
