import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { OwnAuthority, type Pair } from '../../apps/scheduler/src/transport/tls/own-authority.js';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { configFor } from '../support/running-scheduler.js';
import { askTls, shownBy, tlsRouter, withConnection } from '../support/tls-clients.js';
import { until } from '../support/until.js';

describe('both ports over TLS', () => {
  let folder: string;
  let triton: RunningSim;
  let scheduler: RunningScheduler;
  let authority: OwnAuthority;
  let ca: string;

  const file = (name: string): string => join(folder, name);
  const ports = (): number[] => [Number(new URL(scheduler.http).port), Number(scheduler.grpc.split(':')[1])];
  const another = (): Promise<Pair> => authority.sign(['localhost', '127.0.0.1'], Date.now());

  async function put({ cert, key }: Pair): Promise<void> {
    await writeFile(file('a.crt'), cert);
    await writeFile(file('a.key'), key);
    await scheduler?.readCertificates();
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-tls-'));
    authority = await OwnAuthority.open(file('ca'), 'berth', Date.now());
    ca = await readFile(authority.path, 'utf8');
    triton = await startTritonSim({ speed: 10 });
    await put(await another());
    const tls = `tls: { cert: "${file('a.crt')}", key: "${file('a.key')}" }`;
    scheduler = await createScheduler(configFor(triton, file('data'), tls), {
      log: pino({ level: 'silent' }),
      lookup: async () => ['127.0.0.1', '127.0.0.2'],
    });
    const resolved = `${scheduler.http}/health/ready`;
    await until(async () => (await askTls(resolved, { ca })).status === 200);
  });

  afterAll(async () => {
    await scheduler.close();
    await triton.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('answer clients that trust the authority, and no others', async () => {
    expect(scheduler.http).toMatch(/^https:/);
    expect((await askTls(`${scheduler.http}/v1/models`, { ca })).status).toBe(200);
    await expect(askTls(`${scheduler.http}/v1/models`, {})).rejects.toThrow('unable to verify');
    const other = await OwnAuthority.open(file('other'), 'berth', Date.now());
    const stranger = tlsRouter(scheduler.grpc, await readFile(other.path, 'utf8'));
    await expect(stranger.resolve('resnet50')).rejects.toMatchObject({ code: 14 });
    stranger.close();
  });

  it('answer on every address of their host', async () => {
    for (const port of ports()) {
      const suite = await withConnection(
        port,
        { ca, host: '127.0.0.2' },
        (socket) => socket.getCipher().name,
      );
      expect(suite).toBe('TLS_AES_128_GCM_SHA256');
    }
  });

  it.each(['https', 'grpc'])('answer nothing in the clear: %s', async (which) => {
    const [http, grpc] = ports();
    await expect(fetch(`http://127.0.0.1:${which === 'https' ? http : grpc}/health/live`)).rejects.toThrow(
      'fetch failed',
    );
  });

  it('take no CBC suites and nothing older than TLS 1.2, after a change of the certificate as well', async () => {
    for (const renew of [async () => undefined, async () => put(await another())]) {
      await renew();
      for (const port of ports()) {
        const cipher = (options: object): Promise<string> =>
          withConnection(port, { ca, ...options }, (socket) => socket.getCipher().name);
        const [suite, older] = ['ECDHE-ECDSA-AES128-SHA256', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }];
        await expect(cipher({ maxVersion: 'TLSv1.2', ciphers: suite })).rejects.toThrow('handshake failure');
        await expect(cipher({ ...older, ciphers: 'DEFAULT@SECLEVEL=0' })).rejects.toThrow(
          /version|handshake/,
        );
        expect(await cipher({ maxVersion: 'TLSv1.2' })).toBe('ECDHE-ECDSA-AES128-GCM-SHA256');
        expect(await cipher({})).toBe('TLS_AES_128_GCM_SHA256');
      }
    }
  });

  it('change the certificate under load, through files that are torn or missing, without a failed call', async () => {
    const load = new Load(scheduler, ca);
    for (let round = 0; round < 3; round += 1) {
      const next = await another();
      const [before] = await shown();
      const steps: (() => Promise<void>)[] = [
        () => writeFile(file('a.crt'), next.cert.slice(0, 200)),
        () => writeFile(file('a.crt'), next.cert),
        () => rm(file('a.key')),
        () => writeFile(file('a.key'), 'garbage'),
      ];
      for (const step of steps) {
        await step();
        await scheduler.readCertificates();
        await load.goesOn();
        expect(await shown()).toEqual([before, before]);
      }
      await put(next);
      const [http, grpc] = await shown();
      expect([http === grpc, http === before]).toEqual([true, false]);
      const expires = Date.parse(new X509Certificate(next.cert).validTo) / 1_000;
      await until(async () => (await metric('berth_certificate_expires_timestamp_seconds')) === expires);
      await load.goesOn();
    }
    expect(await load.end()).toEqual([]);
  });

  const metric = async (name: string): Promise<number> => {
    const { body } = await askTls(`${scheduler.http}/metrics`, { ca });
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(body)?.[1]);
  };

  const shown = async (): Promise<string[]> =>
    Promise.all(ports().map(async (port) => (await shownBy(port, ca)).fingerprint256));
});

/** Calls on both ports, one after the other by each caller, on old and on new connections. */
class Load {
  private readonly failures: string[] = [];
  private readonly answered = [0, 0, 0, 0];
  private isEnding = false;
  private readonly closing: Promise<void>;

  constructor({ http, grpc }: RunningScheduler, ca: string) {
    const agent = new Agent({ ca, keepAlive: true, maxSockets: 1 });
    const router = tlsRouter(grpc, ca);
    const overHttp = async (how: Agent | { ca: string }): Promise<void> => {
      const { status, body } = await askTls(`${http}/v1/models/resnet50`, how);
      if (status !== 200) throw new Error(`${status} ${body}`);
    };
    const onNew = (): Promise<unknown> => {
      const fresh = tlsRouter(grpc, ca);
      return fresh.resolve('resnet50').finally(() => fresh.close());
    };
    const calls = [() => overHttp({ ca }), () => overHttp(agent), () => router.resolve('resnet50'), onNew];
    this.closing = Promise.all(calls.map((call, at) => this.repeat(call, at))).then(() => {
      agent.destroy();
      router.close();
    });
  }

  /** Resolves once each caller has had more answers. */
  async goesOn(): Promise<void> {
    const before = [...this.answered];
    await until(
      () => this.answered.every((count, at) => count >= before[at]! + 3) || this.failures.length > 0,
    );
  }

  /** Resolves with what failed. */
  async end(): Promise<readonly string[]> {
    this.isEnding = true;
    await this.closing;
    return this.failures;
  }

  private async repeat(call: () => Promise<unknown>, at: number): Promise<void> {
    while (!this.isEnding) {
      await call().catch((error: unknown) => this.failures.push(`caller ${at}: ${String(error)}`));
      this.answered[at]! += 1;
    }
  }
}
