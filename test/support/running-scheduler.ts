import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, loadPackageDefinition, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { pino } from 'pino';
import type { Config } from '#config';
import { adminClientService, routerClientService } from '#contracts';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import type { Dependencies } from '../../apps/scheduler/src/bootstrap/dependencies.js';
import {
  type RunningSim,
  startTritonSim,
  type TritonSimOptions,
} from '../../apps/triton-sim/src/sim-server.js';
import { configOf } from './config-of.js';
import { checkPublished, type Published } from './published.js';
import { checkRecordedTurns, recordingTo } from './recorded-turns.js';
import { until } from './until.js';

/** A scheduler in this process in front of a simulated Triton, both on ports of their own. */
export interface World {
  readonly scheduler: RunningScheduler;
  readonly triton: RunningSim;
  readonly config: Config;
  /** The paths of `/openapi.json`: what `call` is answered has to be published. */
  readonly published: Published;
  readonly folder: string;
  /** Ends the scheduler and starts another one on the same store. */
  restart(parts?: Partial<Dependencies>): Promise<void>;
  /** Rejects where a turn that was taken broke a promise, or would be taken differently again. */
  close(): Promise<void>;
}

export interface WorldOptions {
  /** YAML that is added to the file. */
  readonly yaml?: string;
  /** Whether the devices of the server are declared, so that each can be measured; else they are found. */
  readonly isMapped?: boolean;
  readonly triton?: Partial<TritonSimOptions>;
  readonly parts?: Partial<Dependencies>;
  /** What has to be presented to read `/openapi.json`. */
  readonly headers?: Record<string, string>;
  /** The texts of the files that the YAML names, by their absolute paths. */
  readonly files?: Readonly<Record<string, string>>;
}

const SILENT = pino({ level: process.env['BERTH_LOG'] ?? 'silent' });

/** Starts both and waits until the scheduler says that it is ready. Loads are ten times faster than real ones. */
export async function startWorld({
  yaml = '',
  files,
  isMapped = false,
  triton: simOptions,
  parts,
  headers,
}: WorldOptions = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-api-'));
  const triton = await startTritonSim({ speed: 10, ...simOptions });
  const devices = isMapped ? declaredDevices(simOptions?.gpus ?? 0) : undefined;
  const config = configFor(triton, folder, yaml, devices, files);
  let scheduler = await createScheduler(config, { log: SILENT, ...parts });
  await isReady(scheduler);
  const published = (await call({ scheduler }, 'GET', '/openapi.json', undefined, headers)).body.paths;
  return {
    get scheduler() {
      return scheduler;
    },
    ...{ triton, config, folder, published },
    restart: async (changed) => {
      await scheduler.close();
      scheduler = await createScheduler(config, { log: SILENT, ...parts, ...changed });
      await isReady(scheduler);
    },
    close: async () => {
      await scheduler.close();
      await triton.close();
      await checkTurnsIn(folder);
    },
  };
}

async function checkTurnsIn(folder: string): Promise<void> {
  try {
    await checkRecordedTurns(turnsIn(folder), { wasKilled: false });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Where the turns are recorded, also where a test switches the recorder on by itself: `turns` is its default. */
export const turnsIn = (folder: string): string => join(folder, 'turns');

/** The configuration of a scheduler that knows this Triton, with more YAML of the test's own. */
export function configFor(
  { addresses }: RunningSim,
  folder: string,
  yaml: string,
  devices?: object[],
  named: Readonly<Record<string, string>> = {},
): Config {
  const { grpc, http, metrics } = addresses;
  const server = JSON.stringify({ id: 'a', grpc, http, metrics, labels: { zone: 'a' }, devices });
  const recorder = `recorder: ${JSON.stringify(recordingTo(turnsIn(folder)).recorder)}`;
  const rest = yaml.includes('recorder:') ? yaml : `${recorder}\n${yaml}`;
  return configOf(
    `http: 127.0.0.1:0\ngrpc: 127.0.0.1:0\ndata: ${folder}\nservers: [${server}]\n${rest}`,
    named,
  );
}

/** The GPUs of a simulated Triton, by the names that it gives them. */
const declaredDevices = (gpus: number): object[] =>
  Array.from({ length: gpus }, (_, ordinal) => ({
    ordinal,
    uuid: `GPU-triton-sim-${ordinal}`,
    memoryMb: 24_576,
  }));

async function isReady({ http }: RunningScheduler): Promise<void> {
  await until(async () => (await fetch(`${http}/health/ready`)).ok);
}

/** What came back over HTTP. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line typescript/no-explicit-any -- what it is differs from test to test
  readonly body: any;
}

/** Calls over HTTP with JSON; of a stream of events the head alone is read. Throws where what is answered is not published. */
export async function call(
  { scheduler, published }: Pick<World, 'scheduler'> & Partial<Pick<World, 'published'>>,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const content = body === undefined ? {} : { 'content-type': 'application/json' };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${scheduler.http}${path}`, {
    method,
    headers: { ...content, ...headers },
    ...(body === undefined ? {} : { body: text }),
  });
  const isStream = response.headers.get('content-type') === 'text/event-stream';
  const answer = isStream ? '' : await response.text();
  if (isStream) await response.body?.cancel();
  if (published) checkPublished(published, method, path, response.status);
  return { status: response.status, headers: response.headers, body: answer === '' ? null : parsed(answer) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

type Unary = (
  request: object,
  metadata: Metadata,
  options: { deadline?: number },
  done: (error: ServiceError | null, reply: unknown) => void,
) => { cancel(): void };

/** A gRPC client whose calls are promises. */
export interface RpcClient {
  call(
    method: string,
    request: object,
    metadata: Metadata,
    deadlineMs?: number,
    /** Cancels the call. */
    signal?: AbortSignal,
  ): Promise<Record<string, unknown>>;
  close(): void;
}

/** Connects to one of the two services. */
export function rpcClient({ scheduler }: Pick<World, 'scheduler'>, service: 'Router' | 'Admin'): RpcClient {
  const name = `berth.v1.${service}`;
  const definition = service === 'Router' ? routerClientService() : adminClientService();
  const packages = loadPackageDefinition({ [name]: definition }) as never as {
    berth: {
      v1: Record<string, new (address: string, creds: unknown) => Record<string, Unary> & { close(): void }>;
    };
  };
  const Client = packages.berth.v1[service]!;
  const client = new Client(scheduler.grpc, credentials.createInsecure());
  return {
    call: (method, request, metadata, deadlineMs, signal) =>
      new Promise((resolve, reject) => {
        const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
        const sent = client[method]!(request, metadata, options, (error, reply) =>
          error ? reject(error) : resolve(reply as Record<string, unknown>),
        );
        signal?.addEventListener('abort', () => sent.cancel());
      }),
    close: () => client.close(),
  };
}
