import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { Rows } from '#store';
import type { OpenRedis, RedisOptions } from '#store-redis';
import { launchRedis, MASTER_NAME, sentinelSettings, serverSettings, waitFor } from './launch-redis.js';
import { sparePort } from './spare-port.js';
import { FaultProxy } from './fault-proxy.js';

export interface RedisServerOptions {
  /** Further lines of configuration. */
  readonly settings?: readonly string[];
  /** The port of the master; without it the server is one. */
  readonly replicaOf?: number;
  /** The port by which the others of its group know it. */
  readonly announcedPort?: number;
  readonly isSentinel?: boolean;
  /** Its port; a spare one where it is left out. */
  readonly port?: number;
}

/** A real redis-server on a loopback port of its own. What it holds is on its disk, and survives `kill`. */
export class RedisServer {
  private child: ChildProcess | undefined;
  private client: Redis | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly options: RedisServerOptions,
  ) {}

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const port = options.port ?? (await sparePort());
    const server = new RedisServer(port, await mkdtemp(join(tmpdir(), 'berth-redis-')), options);
    await server.begin();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Sends one command, and resolves with what is answered. It waits for a server that was stopped or is dead. */
  async command(name: string, ...args: (string | number)[]): Promise<unknown> {
    this.client ??= quietClient(this.port);
    return this.client.call(name, ...args);
  }

  /** Ends it as a power cut of its process does. */
  async kill(): Promise<void> {
    this.client?.disconnect();
    this.client = undefined;
    const child = this.child;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Holds it where it is: connections stay, nothing is answered. */
  stop(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** The same port, the same disk, a new process. */
  async restart(): Promise<void> {
    await this.kill();
    await this.begin();
  }

  /** The same port, a new process, and nothing on the disk. */
  async restartEmpty(): Promise<void> {
    await this.remove();
    await mkdir(this.folder);
    await this.begin();
  }

  /** Leaves nothing behind. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async begin(): Promise<void> {
    const { settings = [], replicaOf, announcedPort, isSentinel = false } = this.options;
    const announced = announcedPort === undefined ? [] : announce(isSentinel, announcedPort);
    const own = isSentinel ? [] : serverSettings(replicaOf);
    this.child = await launchRedis({
      ...{ port: this.port, folder: this.folder, isSentinel },
      settings: [...own, ...announced, ...settings],
    });
  }
}

export interface SentinelGroupOptions {
  readonly replicas?: number;
  /** How long a silent master is taken for alive. */
  readonly downAfterMs?: number;
  /** Further lines of configuration of each server. */
  readonly settings?: readonly string[];
}

/** A server as the others of its group reach it: through a link that can be cut. */
export interface Member {
  readonly server: RedisServer;
  readonly link: FaultProxy;
}

/** One master with its replicas, and three Sentinels that watch over them. */
export class SentinelGroup {
  readonly name = MASTER_NAME;
  private constructor(
    readonly members: readonly Member[],
    readonly sentinels: readonly RedisServer[],
  ) {}

  /** Resolves once the Sentinels know each other and all replicas. */
  static async start(options: SentinelGroupOptions = {}): Promise<SentinelGroup> {
    const { replicas = 2, downAfterMs = 2_000, settings = [] } = options;
    const members: Member[] = [];
    for (let at = 0; at <= replicas; at += 1) members.push(await startMember(members[0], settings));
    const master = members[0]!.link.port;
    const sentinels: RedisServer[] = [];
    for (let at = 0; at < 3; at += 1) {
      const own = sentinelSettings(master, downAfterMs);
      sentinels.push(await RedisServer.start({ isSentinel: true, settings: own }));
    }
    const group = new SentinelGroup(members, sentinels);
    await group.lookEvery(200);
    await waitFor(() => group.isComplete());
    await group.lookEvery(10_000);
    return group;
  }

  /** `host:port` of each Sentinel. */
  get addresses(): readonly string[] {
    return this.sentinels.map(({ port }) => `127.0.0.1:${port}`);
  }

  /** The member that the Sentinels call the master. */
  async master(): Promise<Member> {
    const answer = (await this.sentinels[0]!.command('SENTINEL', 'get-master-addr-by-name', this.name)) as
      string[] | null;
    const port = Number(answer?.[1]);
    const found = this.members.find(({ link }) => link.port === port);
    if (found === undefined) throw new Error(`the Sentinels name port ${port}, which no member has`);
    return found;
  }

  /** Has another member become the master, as an operator does. */
  async failOver(): Promise<void> {
    await this.sentinels[0]!.command('SENTINEL', 'failover', this.name);
  }

  async remove(): Promise<void> {
    await Promise.all(this.sentinels.map((sentinel) => sentinel.remove()));
    await Promise.all(
      this.members.map(async ({ server, link }) => {
        await server.remove();
        await link.close();
      }),
    );
  }

  /** How often the Sentinels ask the servers for their replicas, in ms. Theirs is every 10 s. */
  private async lookEvery(ms: number): Promise<void> {
    await Promise.all(
      this.sentinels.map((sentinel) => sentinel.command('SENTINEL', 'DEBUG', 'info-period', ms)),
    );
  }

  private async isComplete(): Promise<boolean> {
    const counts = await Promise.all(
      this.sentinels.map(async (sentinel) => {
        const row = (await sentinel.command('SENTINEL', 'master', this.name)) as object;
        const facts = factsOf(row);
        return (
          facts.get('num-slaves') === `${this.members.length - 1}` && facts.get('num-other-sentinels') === '2'
        );
      }),
    );
    return counts.every((isKnown) => isKnown);
  }
}

async function startMember(master: Member | undefined, settings: readonly string[]): Promise<Member> {
  const announcedPort = await sparePort();
  const replicaOf = master === undefined ? {} : { replicaOf: master.link.port };
  const server = await RedisServer.start({ announcedPort, settings, ...replicaOf });
  return { server, link: await FaultProxy.start({ to: server.port, port: announcedPort }) };
}

const announce = (isSentinel: boolean, port: number): string[] =>
  isSentinel
    ? [`sentinel announce-port ${port}`]
    : ['replica-announce-ip 127.0.0.1', `replica-announce-port ${port}`];

/** With RESP3 a table comes as one, with RESP2 as a list of names and values. */
function factsOf(row: object): ReadonlyMap<string, string> {
  if (!Array.isArray(row)) return new Map(Object.entries(row) as [string, string][]);
  const texts = row as string[];
  return new Map(texts.flatMap((name, at) => (at % 2 === 0 ? [[name, texts[at + 1]!]] : [])));
}

function quietClient(port: number): Redis {
  const client = new Redis({ port, host: '127.0.0.1', maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on('error', () => undefined);
  return client;
}

/** How a Berth uses one server. */
export function at({ port }: { readonly port: number }, more: Partial<RedisOptions> = {}): RedisOptions {
  return { ...PLAIN, place: { kind: 'server', address: { host: '127.0.0.1', port } }, confirm: 0, ...more };
}

/** How a Berth uses a group with Sentinels. */
export function within(group: SentinelGroup, more: Partial<RedisOptions> = {}): RedisOptions {
  const sentinels = group.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  return { ...PLAIN, place: { kind: 'sentinels', sentinels, name: group.name }, confirm: 1, ...more };
}

/** The rows of a new term: the lease is taken from whichever peer has it. */
export async function nextRows(redis: OpenRedis): Promise<{ term: number; rows: Rows }> {
  const claim = { peer: 'a', grpc: 'a:1', http: 'http://a', floor: 0, seen: await redis.leaseKeeper.read() };
  const claimed = await redis.leaseKeeper.acquire(claim);
  if (claimed.outcome === 'taken') throw new Error('the lease was taken meanwhile');
  const { term } = claimed.lease;
  return { term, rows: await redis.rowsOf(term) };
}

const PLAIN = {
  ...{ username: null, password: null, sentinelPassword: null, database: 0, tls: null },
  keyPrefix: 'berth',
};
