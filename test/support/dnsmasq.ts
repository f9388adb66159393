import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { sparePort } from './spare-port.js';
import { systemDns } from '../../apps/scheduler/src/integrations/discovery/system-dns.js';
import type { DnsResolver } from '../../apps/scheduler/src/integrations/discovery/dns-resolver.js';
import { NoAnswer } from '../../apps/scheduler/src/integrations/discovery/dns-resolver.js';
import type { Zone } from './fake-names.js';
import { programPath } from './parts.js';
import { until } from './until.js';

/** Names under this one are answered; all others are refused. */
export const DOMAIN = 'berth.test';

/** A real DNS server on a loopback port of its own. */
export class Dnsmasq {
  private process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {}

  static async start(zone: Zone = {}): Promise<Dnsmasq> {
    const dns = new Dnsmasq(await mkdtemp(join(tmpdir(), 'berth-dns-')), await sparePort());
    await dns.publish(zone);
    return dns;
  }

  /** What asks this server alone. */
  get names(): DnsResolver {
    return systemDns([`127.0.0.1:${this.port}`]);
  }

  /** Answers with this from now on: its records are read at its start only. */
  async publish(zone: Zone): Promise<void> {
    await this.die();
    const config = join(this.folder, 'dnsmasq.conf');
    await writeFile(config, [...this.settings(), ...recordsOf(zone), ''].join('\n'));
    const started = spawn(programPath('dnsmasq')!, ['--keep-in-foreground', `--conf-file=${config}`], {
      stdio: 'ignore',
    });
    this.process = started;
    await until(() => {
      if (started.exitCode !== null) throw new Error(`dnsmasq ended with status ${started.exitCode}`);
      return this.isUp();
    });
  }

  /** Nothing is answered from now on. */
  async die(): Promise<void> {
    const { process } = this;
    this.process = undefined;
    if (process === undefined || process.exitCode !== null) return;
    const ended = once(process, 'exit');
    process.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    await this.die();
    await rm(this.folder, { recursive: true, force: true });
  }

  private settings(): string[] {
    return [
      ...[`port=${this.port}`, 'listen-address=127.0.0.1', 'bind-interfaces', `user=${userInfo().username}`],
      ...[
        'no-resolv',
        'no-hosts',
        `local=/${DOMAIN}/`,
        'local-ttl=3600',
        'pid-file=',
        'log-facility=/dev/null',
      ],
    ];
  }

  private async isUp(): Promise<boolean> {
    try {
      await this.names.srv(DOMAIN, new AbortController().signal);
      return true;
    } catch (error) {
      if (error instanceof NoAnswer) return false;
      throw error;
    }
  }
}

function recordsOf({ srv = {}, a = {}, aaaa = {} }: Zone): string[] {
  return [
    ...Object.entries(srv).flatMap(([name, places]) =>
      places.map(({ host, port }) => `srv-host=${name},${host},${port}`),
    ),
    ...[...Object.entries(a), ...Object.entries(aaaa)].flatMap(([name, addresses]) =>
      addresses.map((address) => `host-record=${name},${address}`),
    ),
  ];
}
