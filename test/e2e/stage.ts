import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PATIENCE_MS } from '../../tools/patience.mjs';
import type { ModelMessage, RouteMessage, ServerMessage } from '#contracts';
import { type BerthAnswer, type BerthProcess, startBerth } from '../support/berth-process.js';
import {
  aRealModel,
  type ModelFolder,
  type RealTriton,
  type RealTritonKit,
  type RealTritonOptions,
} from '../support/real-triton.js';

/** What a copy of each model books unless a test says otherwise. */
export const COPY_MB = 100;

/** A model that loads in some tenths of a second, and is not reloaded by chance. */
export const aQuickModel = (
  name: string,
  parts: Partial<Parameters<typeof aRealModel>[0]> = {},
): ModelFolder => aRealModel({ name, stablePyc: true, ...parts });

/** Starts a Triton that does without the throw-away process before each load. */
export const startTriton = (kit: RealTritonKit, options: RealTritonOptions): Promise<RealTriton> =>
  kit.start({ ...options, extraArgs: ['--disable-auto-complete-config', ...(options.extraArgs ?? [])] });

/** What the configuration says of one server, beyond where it is. */
export interface ServerKeys {
  readonly host?: string;
  readonly hostMemoryMb?: number | null;
  readonly strangers?: 'keep' | 'adopt' | 'retire';
  readonly headers?: Readonly<Record<string, string>>;
}

/** The configuration's entry for a Triton. Each is a host of its own unless the keys say otherwise. */
export const aServer = (triton: RealTriton, keys: ServerKeys = {}): object => ({
  id: triton.id,
  host: `host-of-${triton.id}`,
  grpc: triton.grpc,
  http: triton.http,
  metrics: triton.metrics,
  hostMemoryMb: 10 * COPY_MB,
  ...keys,
});

/** What the configuration says beside the servers. */
export interface StageConfig {
  readonly defaults?: Readonly<Record<string, unknown>>;
  readonly models?: Readonly<Record<string, object>>;
  readonly limits?: Readonly<Record<string, number>>;
}

/** A refused or granted resolve call. */
export interface Resolved {
  readonly status: number;
  /** `routed`, or the reason of the refusal. */
  readonly result: string;
  readonly headers: Headers;
  readonly body: RouteMessage & Problem;
}

/** What a refusal says; members that are not there are undefined. */
export interface Problem {
  readonly reason: string;
  readonly detail: string;
  readonly phase: string;
  readonly etaMs: number;
  readonly cause: string;
  readonly retryAfterMs: number;
  readonly unplaced: readonly unknown[];
  readonly devices: RouteMessage['devices'] & readonly unknown[];
}

/** Berth as a process in front of real Tritons. Its state outlives its deaths, and goes when it is closed. */
export class Stage {
  private constructor(
    readonly berth: BerthProcess,
    private readonly dataDir: string,
  ) {}

  /** Resolves once Berth says that it is ready. Idle models stay, and what is free may go at once. */
  static async open(servers: readonly object[], { defaults, ...rest }: StageConfig = {}): Promise<Stage> {
    const usual = {
      cpuMemoryLimitMb: COPY_MB,
      idleUnloadSeconds: null,
      minResidencySeconds: 0,
      // What a slow machine was seen to need for a load may be foreseen three times as long.
      coldStart: { maxWaitMs: PATIENCE_MS },
    };
    const dataDir = await mkdtemp(join(tmpdir(), 'berth-e2e-'));
    const config = { servers, ...rest, defaults: { ...usual, ...defaults } };
    const stage = new Stage(await startBerth({ config, dataDir }), dataDir);
    await stage.berth.ready();
    return stage;
  }

  async close(): Promise<void> {
    await this.berth.remove();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Without a lease unless the test asks for one: what is not in use may be unloaded. */
  async resolve(model: string, request: object = {}): Promise<Resolved> {
    const body = { leaseMs: 0, ...request };
    const answer = await this.berth.request<Resolved['body']>('POST', `/v1/models/${model}/resolve`, body);
    const { status, headers } = answer;
    return { status, headers, body: answer.body, result: status === 200 ? 'routed' : answer.body.reason };
  }

  /** Asks for a route, which must be given; returns the id of the server. */
  async route(model: string, request: object = {}): Promise<string> {
    const { result, body } = await this.resolve(model, request);
    if (result !== 'routed') throw new Error(`${model}: ${JSON.stringify(body)}\n${this.berth.log()}`);
    return body.server.id;
  }

  async model(name: string): Promise<ModelMessage> {
    return this.read(`/v1/models/${name}`);
  }

  /** Its copies as `server:phase`, with `!flag` for each flag. */
  async copies(name: string): Promise<string[]> {
    const { copies } = await this.model(name);
    return copies.map(({ server, phase, flags }) => [`${server}:${phase}`, ...flags].join('!'));
  }

  async server(id: string): Promise<ServerMessage> {
    return this.read(`/v1/servers/${id}`);
  }

  /** Memory booked on a server's only device. */
  async heldMb(id: string): Promise<number> {
    return (await this.server(id)).devices[0]!.heldMb;
  }

  pin(name: string, copies = 1): Promise<BerthAnswer<Problem>> {
    return this.berth.request('PUT', `/v1/models/${name}/pin`, { copies });
  }

  private async read<Body>(path: string): Promise<Body> {
    const { status, body } = await this.berth.request<Body>('GET', path);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }
}
