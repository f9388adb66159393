/** A real Prometheus and a real Alertmanager, on spare loopback ports and folders of their own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sparePort } from './spare-port.js';
import { send, within } from './ending.js';
import { ended, listening } from './http-server.js';
import { programPath } from './parts.js';
import { PATIENCE_MS, until } from './until.js';

const LOG_CHARS = 16 * 1_024;

/** What is watched, and where alerts go. */
export interface AlertingOptions {
  /** `host:port` of Berth, and the key with which it is scraped. */
  readonly berth: string;
  readonly scrapeKey: string;
  /** Where Alertmanager posts, and the key that it shows. */
  readonly webhook: string;
  readonly hookKey: string;
  /** The value of the label `instance` of what the exporter tells. */
  readonly instance: string;
}

/** An alert of this name fires while the exporter tells of an error of that GPU. */
export const ALERT = 'GpuEccErrors';

export interface Alerting {
  /** Has the exporter tell of errors of these GPUs, each an alert of its own. */
  setErrors(gpus: readonly string[]): void;
  /** What Prometheus finds now: the values of an expression. */
  query(expression: string): Promise<readonly string[]>;
  stopPrometheus(): Promise<void>;
  /** The end of what both wrote. */
  log(): string;
  close(): Promise<void>;
}

/** Starts both and resolves once they are ready. Alerts are evaluated, sent and repeated each second. */
export async function startAlerting(options: AlertingOptions): Promise<Alerting> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-alerting-'));
  let errors: readonly string[] = [];
  const exporter = createServer((_, response) => response.end(metricsOf(errors)));
  await listening(exporter);
  const ports = { prometheus: await sparePort(), alertmanager: await sparePort() };
  await writeConfigs(folder, options, { ...ports, exporter: portOf(exporter) });
  await checkAlerting(folder);
  const alertmanager = new Program('prometheus-alertmanager', ports.alertmanager, [
    `--config.file=${join(folder, 'alertmanager.yml')}`,
    `--storage.path=${join(folder, 'alertmanager')}`,
    '--cluster.listen-address=',
  ]);
  const prometheus = new Program('prometheus', ports.prometheus, [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'prometheus')}`,
    '--rules.alert.resend-delay=1s',
  ]);
  const close = async (): Promise<void> => {
    await Promise.all([prometheus.stop(), alertmanager.stop(), ended(exporter, [])]);
    await rm(folder, { recursive: true, force: true });
  };
  await Promise.all([prometheus.ready(), alertmanager.ready()]).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    setErrors: (gpus) => (errors = gpus),
    query: (expression) => valuesOf(ports.prometheus, expression),
    stopPrometheus: () => prometheus.stop(),
    log: () => `${prometheus.log()}\n${alertmanager.log()}`,
    close,
  };
}

/** Rejects with what promtool or amtool say, where `prometheus.yml` or `alertmanager.yml` of a folder is wrong. */
export async function checkAlerting(folder: string): Promise<void> {
  await run('promtool', ['check', 'config', join(folder, 'prometheus.yml')]);
  await run('amtool', ['check-config', join(folder, 'alertmanager.yml')]);
}

async function run(program: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(programPath(program)!, args, { timeout: PATIENCE_MS });
}

/** A server program of the Prometheus project, ended by its id. */
class Program {
  private readonly child: ChildProcess;
  private readonly exited: Promise<unknown>;
  private text = '';

  constructor(
    private readonly name: string,
    private readonly port: number,
    args: readonly string[],
  ) {
    const address = `--web.listen-address=127.0.0.1:${port}`;
    this.child = spawn(programPath(name)!, [...args, address], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.exited = once(this.child, 'exit');
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.text = (this.text + chunk.toString()).slice(-LOG_CHARS)));
  }

  async ready(): Promise<void> {
    const isReady = until(async () => (await fetch(`http://127.0.0.1:${this.port}/-/ready`)).ok);
    const isOver = this.exited.then(() => {
      throw new Error(`${this.name} ended before it was ready\n${this.text}`);
    });
    await Promise.race([isReady, isOver]);
  }

  async stop(): Promise<void> {
    const { pid, exitCode, signalCode } = this.child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    send(pid, 'SIGTERM');
    if ((await within(PATIENCE_MS, this.exited)) === undefined) send(pid, 'SIGKILL');
    await this.exited;
  }

  log(): string {
    return this.text;
  }
}

async function writeConfigs(
  folder: string,
  { berth, scrapeKey, webhook, hookKey, instance }: AlertingOptions,
  { alertmanager, exporter }: { readonly alertmanager: number; readonly exporter: number },
): Promise<void> {
  const prometheus = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanager}`] }] }] },
    scrape_configs: [
      {
        job_name: 'berth',
        authorization: { credentials: scrapeKey },
        static_configs: [{ targets: [berth] }],
      },
      { job_name: 'gpus', static_configs: [{ targets: [`127.0.0.1:${exporter}`], labels: { instance } }] },
    ],
  };
  const rules = [{ alert: ALERT, expr: 'gpu_ecc_errors > 0', labels: { severity: 'critical' } }];
  const http = { authorization: { credentials: hookKey } };
  const route = { receiver: 'berth', group_wait: '1s', group_interval: '1s', repeat_interval: '1s' };
  const receivers = [{ name: 'berth', webhook_configs: [{ url: webhook, http_config: http }] }];
  const files = {
    'prometheus.yml': prometheus,
    'rules.yml': { groups: [{ name: 'gpus', rules }] },
    'alertmanager.yml': { route, receivers },
  };
  // JSON is YAML.
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, name), JSON.stringify(content));
}

const metricsOf = (gpus: readonly string[]): string =>
  gpus.map((gpu) => `gpu_ecc_errors{gpu="${gpu}"} 1\n`).join('');

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function valuesOf(port: number, expression: string): Promise<readonly string[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
  return data.result.map(({ value: [, text] }) => text);
}
