import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Config } from '#config';
import type { ServerId } from '#core';
import { RowWarmups, openStore } from '#store';
import { type FakeElection, FakeElections, MemoryRows } from '#triton-simulator';
import type { Dependencies } from '../../apps/scheduler/src/bootstrap/dependencies.js';
import type { Served } from '../../apps/scheduler/src/cluster/leadership/peers.js';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import {
  type RunningSim,
  startTritonSim,
  type TritonSimOptions,
} from '../../apps/triton-sim/src/sim-server.js';
import { FaultProxy } from './fault-proxy.js';
import { configFor } from './running-scheduler.js';
import { askTls } from './tls-clients.js';
import { until } from './until.js';

const SILENT = pino({ level: process.env['BERTH_LOG'] ?? 'silent' });

/** One of several schedulers in this process. */
export interface Peer {
  readonly name: string;
  readonly scheduler: RunningScheduler;
  readonly election: FakeElection;
  /** The way on which the other peers reach it, where `areLinked`. */
  readonly link: Link | null;
}

/** What the others reach a peer through, over HTTP and gRPC. */
interface Link {
  /** Every connection ends, and each new one at once. */
  cut(): void;
  /** As `cut`, as soon as the peer answers over HTTP: what it was asked is done, and its answer is lost. */
  cutAtAnswer(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Several schedulers in this process, with a lease and rows in memory that they share, in front of one simulated Triton. */
export interface PeersWorld {
  readonly elections: FakeElections;
  readonly triton: RunningSim;
  /** What the store says of the writes of the next terms. */
  readonly store: { isDurable: boolean };
  readonly peers: readonly Peer[];
  /** The peer that leads, and those that do not. Waits until one decides. */
  leader(): Promise<Peer>;
  followers(): Promise<readonly Peer[]>;
  close(): Promise<void>;
}

export interface PeersOptions {
  readonly count?: number;
  readonly triton?: Partial<TritonSimOptions>;
  readonly yaml?: string;
  /** The texts of the files that the YAML names, by their absolute paths. */
  readonly files?: Readonly<Record<string, string>>;
  readonly parts?: Partial<Dependencies>;
  /** What one of them has instead. */
  readonly of?: (name: string) => Pick<PeersOptions, 'yaml' | 'files' | 'parts'>;
  /** Whether they reach each other through links that can be cut. */
  readonly areLinked?: boolean;
}

/** Starts them, and waits until one of them leads and has looked at the Triton. */
export async function startPeers({
  count = 3,
  triton: simOptions,
  yaml = '',
  files,
  parts,
  of = () => ({}),
  areLinked = false,
}: PeersOptions = {}): Promise<PeersWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-peers-'));
  const triton = await startTritonSim({ speed: 10, ...simOptions });
  const elections = new FakeElections();
  const texts = new Map<string, string>();
  const store = { isDurable: true };
  const peers: Peer[] = [];
  for (const name of Array.from({ length: count }, (_, nth) => `p${nth}`)) {
    const own = { yaml, parts, files, ...of(name) };
    const config = configFor(triton, join(folder, name), own.yaml, undefined, own.files);
    peers.push(await startPeer(name, config, { elections, texts, store, areLinked }, own.parts));
  }
  const leader = async (): Promise<Peer> => {
    return await until(() => peers.find((peer) => peer.election === elections.leader && decides(peer)));
  };
  const ready = await leader();
  await until(() => isReady(ready.scheduler.http));
  await until(() => ready.scheduler.engine.fleet.servers.get('a' as ServerId)?.lookedAt != null);
  return {
    ...{ elections, triton, store, peers, leader },
    followers: async () => {
      const one = await leader();
      return peers.filter((peer) => peer !== one);
    },
    close: async () => {
      for (const { scheduler } of peers) await scheduler.close();
      for (const { link } of peers) await link?.close();
      await triton.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What they share. */
interface Shared extends Required<Pick<PeersOptions, 'areLinked'>> {
  readonly elections: FakeElections;
  readonly texts: Map<string, string>;
  readonly store: PeersWorld['store'];
}

async function startPeer(
  name: string,
  config: Config,
  { elections, texts, store, areLinked }: Shared,
  parts: Partial<Dependencies> = {},
): Promise<Peer> {
  let election: FakeElection | undefined;
  let link: Link | null = null;
  const scheduler = await createScheduler(config, {
    log: SILENT,
    openPeers: async ({ http, grpc }) => {
      const linked = areLinked ? await linkTo({ http, grpc }) : { link, place: { http, grpc } };
      link = linked.link;
      election = elections.candidate({ peer: name, ...linked.place });
      return {
        ...{ name, candidate: election },
        warmups: await RowWarmups.open(new MemoryRows(), () => undefined),
        openStore: (leadership) => {
          const rows = new MemoryRows(texts);
          rows.isDurable = store.isDurable;
          return openStore(rows, { fleet: config.fleet, leadership });
        },
        close: () => Promise.resolve(),
      };
    },
    ...parts,
  });
  return { name, scheduler, election: election!, link };
}

/** A link to where a peer is served, and where it is reached through it. */
async function linkTo({ http, grpc }: Served): Promise<{ readonly link: Link; readonly place: Served }> {
  let isToCut = false;
  const cut = (): void => proxies.forEach((proxy) => proxy.cut());
  const rewrite = (chunk: Buffer): Buffer => {
    if (isToCut) cut();
    isToCut = false;
    return chunk;
  };
  const proxies = [
    await FaultProxy.start({ to: Number(new URL(http).port), rewrite }),
    await FaultProxy.start({ to: Number(new URL(`http://${grpc}`).port) }),
  ] as const;
  const [overHttp, overGrpc] = proxies;
  return {
    link: {
      cut,
      cutAtAnswer: () => void (isToCut = true),
      mend: () => proxies.forEach((proxy) => proxy.mend()),
      close: async () => void (await Promise.all(proxies.map((proxy) => proxy.close()))),
    },
    place: {
      http: `${new URL(http).protocol}//127.0.0.1:${overHttp.port}`,
      grpc: `127.0.0.1:${overGrpc.port}`,
    },
  };
}

async function isReady(http: string): Promise<boolean> {
  const url = `${http}/health/ready`;
  const isTls = url.startsWith('https:');
  const { status } = isTls ? await askTls(url, { rejectUnauthorized: false }) : await fetch(url);
  return status === 200;
}

function decides({ scheduler }: Peer): boolean {
  try {
    return scheduler.engine.term > 0;
  } catch {
    return false;
  }
}
