import { Interval } from '@nestjs/schedule';
import type { Logger } from 'pino';
import type { DiscoveryConfig } from '#config';
import type { Engine } from '#engine';
import type { DiscoveryMetrics } from '#telemetry';
import { drainEvent, isDraining } from '../../admin/servers/core-server.js';
import type { ServerRemoval } from '../../admin/servers/server-removal.js';
import type { Links } from '../../admin/servers/links.js';
import type { Registry, ServerEntry } from '../../admin/servers/registry.js';
import type { WallTimes } from '../../transport/wall-times.js';
import { DiscoveryLog } from './discovery-log.js';
import type { DiscoveredServers } from './discovered-servers.js';
import { NoAnswer, type DnsResolver, type Place } from './dns-resolver.js';

/** What finds servers works with. */
export interface DiscoveryParts {
  readonly engine: Engine;
  readonly registry: Registry;
  readonly links: Links;
  readonly removal: ServerRemoval;
  readonly times: WallTimes;
  readonly names: DnsResolver;
  readonly discovered: DiscoveredServers;
  readonly metrics: DiscoveryMetrics;
  readonly log: Logger;
}

/** Asks DNS for servers, and has the fleet follow. What the answers mean is decided by `DiscoveredServers`. */
export class Discovery {
  private entries: readonly DiscoveryConfig[] = [];
  private readonly log: DiscoveryLog;
  /** The servers of which the engine was told here. */
  private linked: ReadonlySet<string> = new Set();
  /** The changes of the registry that were followed. */
  private followed = -1;
  private isBegun = false;
  private isAwaited = false;
  private asking: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly closing = new AbortController();

  constructor(private readonly parts: DiscoveryParts) {
    this.log = new DiscoveryLog(parts.log);
  }

  /** Takes up the entries of the configuration. A name that is new is asked for at once. */
  take(entries: readonly DiscoveryConfig[]): void {
    this.entries = entries;
    this.parts.discovered.configure(entries);
    this.follow();
    if (this.isBegun && this.parts.discovered.isIncomplete()) void this.ask();
  }

  /** From now on the engine is told of what is found; what was found before is told with the rest of what is declared. */
  begin(): void {
    this.isBegun = true;
    this.follow();
  }

  /** Asks now, and again so many ms after each round began. */
  start(everyMs: number): void {
    this.timer = setInterval(() => void this.ask(), everyMs).unref();
  }

  /** Asks no more; what is asked just now is given up. */
  stop(): void {
    clearInterval(this.timer);
    this.closing.abort();
  }

  /** Asks for all names side by side. Resolves once each was answered or given up; a round under way is not doubled. */
  ask(): Promise<void> {
    this.asking ??= Promise.all(this.entries.map((entry) => this.askFor(entry)))
      .then(() => this.forgetUnfound())
      .finally(() => (this.asking = undefined));
    return this.asking;
  }

  /** Brings the fleet in line with what is declared by now, where that has changed. */
  @Interval(1_000)
  followDeclared(): void {
    if (this.parts.registry.changes !== this.followed) this.follow();
  }

  private follow(): void {
    const { registry, discovered, metrics, removal } = this.parts;
    const servers = discovered.servers();
    registry.setFound(servers);
    metrics.found(discovered.counts(), discovered.leftOut());
    const entries = registry.discovered();
    const ids = new Set(entries.map(({ id }) => id));
    // What is declared by now is drained for no reason of DNS.
    for (const { config, leaveMs } of servers)
      if (leaveMs !== null && !ids.has(config.id)) discovered.release(config.id);
    if (!this.isBegun) return;
    for (const entry of entries) this.declare(entry);
    for (const id of this.linked) if (!ids.has(id)) this.undeclare(id);
    this.linked = ids;
    this.tellAwaited(discovered.isIncomplete());
    removal.follow();
    this.followed = registry.changes;
  }

  private async askFor(entry: DiscoveryConfig): Promise<void> {
    const { discovered, engine, metrics } = this.parts;
    try {
      const places = await this.placesOf(entry);
      if (this.closing.signal.aborted) return;
      metrics.asked('answered');
      this.log.answered(entry, discovered.answered(entry, places, engine.now()));
      this.follow();
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      if (this.closing.signal.aborted) return;
      metrics.asked(error.reason);
      this.log.unanswered(entry, error.reason);
    }
  }

  private async placesOf({ question }: DiscoveryConfig): Promise<readonly Place[]> {
    const { names } = this.parts;
    const { signal } = this.closing;
    if (question.kind === 'srv') return await names.srv(question.name, signal);
    const hosts = await names.addresses(question.name, signal);
    return hosts.map((host) => ({ host, port: question.port }));
  }

  /** As long as a name was never answered, no answer of Berth that lasts is sure. */
  private tellAwaited(isAwaited: boolean): void {
    if (isAwaited !== this.isAwaited) this.parts.engine.tell({ kind: 'ServersAwaited', isAwaited });
    this.isAwaited = isAwaited;
  }

  private declare(entry: ServerEntry): void {
    const { engine, links, times } = this.parts;
    if (entry.hasLeft || links.isDeclared(entry.config)) return;
    const isNew = !links.has(entry.id);
    links.declare(entry.config);
    if (isNew && isDraining(entry)) engine.tell(drainEvent(entry, times));
  }

  /** It was forgotten, or is declared under another name by now. */
  private undeclare(id: string): void {
    const { registry, links } = this.parts;
    if (links.has(id) && registry.get(id) === undefined) links.forget(id);
  }

  /** What an earlier life learned of servers that are found no more is of no use. */
  private forgetUnfound(): void {
    const { engine, discovered } = this.parts;
    if (this.isBegun && discovered.isSettled(engine.now())) engine.tell(...engine.late.forget());
  }
}
