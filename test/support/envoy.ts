import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { packageRoot } from '#triton';
import type * as Install from '../../tools/envoy/install.mjs';
import { sparePort } from './spare-port.js';
import { waitFor } from './launch-redis.js';

// This file is played from its source and from `dist/`, where neither of these is.
const SHIPPED = join(packageRoot(), 'deploy/envoy/envoy.yaml');
const INSTALL = pathToFileURL(join(packageRoot(), 'tools/envoy/install.mjs')).href;

/** What is installed of Envoy. */
export const { installedEnvoy } = (await import(INSTALL)) as typeof Install;
/** Ports of the configuration that we ship. */
const [OUTER, INNER] = [8080, 8081];

/** The configuration as an object, to be changed before it is used. */
// Envoy's configuration has no types here.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type EnvoyConfig = any;

export interface EnvoyOptions {
  /** `host:port` of the gRPC ports of Berths. */
  readonly berths: readonly string[];
  /** Changes the configuration that we ship. */
  readonly change?: (config: EnvoyConfig) => void;
}

/** A real Envoy in front of Berths, with the configuration that we ship, on ports of its own. */
export class Envoy {
  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    /** `127.0.0.1:port`, for HTTP and gRPC. */
    readonly address: string,
    private readonly admin: number,
  ) {}

  static async start({ berths, change }: EnvoyOptions): Promise<Envoy> {
    const envoy = installedEnvoy();
    if (!envoy.ok) throw new Error(`Envoy is missing: ${envoy.missing}`);
    const folder = await mkdtemp(join(tmpdir(), 'berth-envoy-'));
    const [outer, inner, admin] = [await sparePort(), await sparePort(), await sparePort()];
    const config: EnvoyConfig = moved(parse(await readFile(SHIPPED, 'utf8'), { merge: true }), {
      [OUTER]: outer,
      [INNER]: inner,
    });
    config.admin = { address: addressOf('127.0.0.1', admin) };
    const berth = config.static_resources.clusters.find(({ name }: { name: string }) => name === 'berth');
    berth.load_assignment.endpoints[0].lb_endpoints = berths.map((told) => {
      const [host, port] = told.split(':');
      return { endpoint: { address: addressOf(host!, Number(port)) } };
    });
    change?.(config);
    const path = join(folder, 'envoy.json');
    await writeFile(path, JSON.stringify(config));
    const args = [
      '--config-path',
      path,
      '--concurrency',
      '1',
      '--log-level',
      'error',
      '--use-dynamic-base-id',
    ];
    const process = spawn(join(dirname(envoy.python), 'envoy'), args, { stdio: 'ignore' });
    const started = new Envoy(process, folder, `127.0.0.1:${outer}`, admin);
    await waitFor(() => started.isUp());
    return started;
  }

  /** The value of a counter or gauge. */
  async stat(name: string): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.admin}/stats?filter=^${name}$`);
    return Number(/: (\d+)/.exec(await answer.text())?.[1] ?? 0);
  }

  async close(): Promise<void> {
    if (this.process.exitCode === null) {
      const ended = once(this.process, 'exit');
      this.process.kill('SIGKILL');
      await ended;
    }
    await rm(this.folder, { recursive: true });
  }

  /** Up when it has found a Berth that serves. */
  private async isUp(): Promise<boolean> {
    if (this.process.exitCode !== null) throw new Error(`Envoy ended with status ${this.process.exitCode}`);
    return (await this.stat('cluster.berth.membership_healthy').catch(() => 0)) > 0;
  }
}

const addressOf = (address: string, port: number) => ({ socket_address: { address, port_value: port } });

/** The same with other ports. */
function moved(value: unknown, ports: Readonly<Record<number, number>>): unknown {
  if (Array.isArray(value)) return value.map((one) => moved(one, ports));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      const other = key === 'port_value' ? ports[one as number] : undefined;
      return [key, other ?? moved(one, ports)];
    }),
  );
}
