import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Config } from '#config';
import { openStore } from '#kept';
import { type FakeElection, FakeElections, MemoryRows } from '#testing';
import type { SchedulerParts } from '../../apps/scheduler/src/parts.js';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/scheduler.js';
import {
  type RunningSim,
  startTritonSim,
  type TritonSimOptions,
} from '../../apps/triton-sim/src/sim-server.js';
import { configFor } from './running-scheduler.js';
import { until } from './until.js';

const SILENT = pino({ level: process.env['BERTH_LOG'] ?? 'silent' });

/** One of several schedulers in this process. */
export interface Peer {
  readonly name: string;
  readonly scheduler: RunningScheduler;
  readonly election: FakeElection;
}

/** Several schedulers in this process, with a lease and rows in memory that they share, in front of one simulated Triton. */
export interface PeersWorld {
  readonly elections: FakeElections;
  readonly triton: RunningSim;
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
  readonly parts?: Partial<SchedulerParts>;
}

/** Starts them, and waits until one of them leads and has looked at the Triton. */
export async function startPeers({
  count = 3,
  triton: simOptions,
  yaml = '',
  files,
  parts = {},
}: PeersOptions = {}): Promise<PeersWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-peers-'));
  const triton = await startTritonSim({ speed: 10, ...simOptions });
  const elections = new FakeElections();
  const texts = new Map<string, string>();
  const peers: Peer[] = [];
  for (const name of Array.from({ length: count }, (_, nth) => `p${nth}`)) {
    const config = configFor(triton, join(folder, name), yaml, undefined, files);
    peers.push(await startPeer(name, config, { elections, texts }, parts));
  }
  const leader = async (): Promise<Peer> => {
    return await until(() => peers.find((peer) => peer.election === elections.leader && decides(peer)));
  };
  const ready = await leader();
  await until(async () => (await fetch(`${ready.scheduler.http}/health/ready`)).ok);
  return {
    ...{ elections, triton, peers, leader },
    followers: async () => {
      const one = await leader();
      return peers.filter((peer) => peer !== one);
    },
    close: async () => {
      for (const { scheduler } of peers) await scheduler.close();
      await triton.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startPeer(
  name: string,
  config: Config,
  { elections, texts }: { readonly elections: FakeElections; readonly texts: Map<string, string> },
  parts: Partial<SchedulerParts>,
): Promise<Peer> {
  let election: FakeElection | undefined;
  const scheduler = await createScheduler(config, {
    log: SILENT,
    openPeers: ({ http, grpc }) => {
      election = elections.candidate({ peer: name, http, grpc });
      return Promise.resolve({
        ...{ name, candidate: election },
        openStore: (leadership) => openStore(new MemoryRows(texts), { fleet: config.fleet, leadership }),
        close: () => Promise.resolve(),
      });
    },
    ...parts,
  });
  return { name, scheduler, election: election! };
}

function decides({ scheduler }: Peer): boolean {
  try {
    return scheduler.engine.term > 0;
  } catch {
    return false;
  }
}
