import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type Config, loadConfig } from '#config';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { OwnAuthority } from '../../apps/scheduler/src/transport/tls/own-authority.js';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { berthctl } from '../support/berthctl.js';
import { issueKey } from '../support/issued-key.js';
import { askTls, tlsRouter } from '../support/tls-clients.js';
import { TokenIssuer } from '../support/token-issuer.js';
import { until } from '../support/until.js';

const HEADER = 'canary-restricted-header-4718';
/** Only this machine can reach it, and no rule for loopback addresses knows it. */
const BEYOND = '[::ffff:127.0.0.1]:0';
/** As many characters of a key are its secret, at its end. */
const SECRET_CHARS = 43;
const NAMES = [
  ...['the key of an admin', 'the key of a gateway', 'a key that has expired', 'a key of no caller'],
  ...['a key in clear in the configuration', 'a token', 'a token of no caller', 'a restricted header'],
  ...['the key of the certificate', 'the key of the authority', 'the key that the first start makes'],
] as const;

describe('a credential', () => {
  const admin = issueKey('admin', 'admin');
  const gateway = issueKey('gateway', 'gateway');
  const past = issueKey('past', 'admin', { expires: '2026-01-01T00:00:00Z' });
  const unknown = issueKey('unknown', 'admin');
  const inClear = issueKey('in-clear', 'admin');
  const secrets = new Map<(typeof NAMES)[number], string>();
  /** What could be read of Berth, by where. */
  const read = new Map<string, string>();
  let folder: string;
  let triton: RunningSim;
  let issuer: TokenIssuer;
  let ca: string;
  const file = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-canary-'));
    const restriction = { key: 'canary', value: HEADER };
    triton = await startTritonSim({ speed: 10, triton: { restriction } });
    issuer = await TokenIssuer.start();
    await issuer.addKey('k', 'ES256');
    for (const [name, { key }] of Object.entries({ admin, gateway, past, unknown, inClear }))
      await writeFile(file(`${name}.key`), key);
    secrets.set('the key of an admin', secretOf(admin.key));
    secrets.set('the key of a gateway', secretOf(gateway.key));
    secrets.set('a key that has expired', secretOf(past.key));
    secrets.set('a key of no caller', secretOf(unknown.key));
    secrets.set('a key in clear in the configuration', secretOf(inClear.key));
    secrets.set('a restricted header', HEADER);
    await withCredentials();
    await atTheFirstStart();
  });

  afterAll(async () => {
    await triton.close();
    await issuer.close();
    await rm(folder, { recursive: true });
  });

  it('is looked for in answers, metrics, audit, log and recordings', () => {
    expect(read.get('log')).toContain('"level":20');
    expect(read.get('log')).toContain('admin.key');
    expect(read.get('GET /v1/audit')).toContain('"credential":"admin"');
    expect(read.get('GET /metrics')).toContain('berth_');
    expect(read.get('GET /v1/servers/a')).toContain('"state":"ready"');
    expect(read.get('a configuration that is refused')).toContain('auth.keys[0].hash');
    expect([...read].filter(([place]) => place.startsWith('recording')).join()).toContain('"tenant":"admin"');
    expect([...secrets.keys()].sort()).toEqual([...NAMES].sort());
  });

  it.each(NAMES)('is in none of them: %s', (name) => {
    const secret = secrets.get(name)!;
    expect(secret.length).toBeGreaterThan(20);
    expect([...read].filter(([, text]) => text.includes(secret)).map(([place]) => place)).toEqual([]);
  });

  /** Starts Berth with this configuration, does something, and ends it. What it logs and records is read. */
  async function during(more: object, act: (scheduler: RunningScheduler) => Promise<void>): Promise<void> {
    const { grpc, http, metrics } = triton.addresses;
    const server = { id: 'a', grpc, http, metrics, headers: { 'triton-grpc-protocol-canary': HEADER } };
    const ports = { http: '127.0.0.1:0', grpc: '127.0.0.1:0', data: file('data'), recorder: {} };
    const config = configOf(await load({ ...ports, servers: [server], ...more }));
    const write = (line: string): void => void read.set('log', `${read.get('log') ?? ''}${line}`);
    const scheduler = await createScheduler(config, { log: pino({ level: 'trace' }, { write }) });
    await until(() => scheduler.engine.fleet.servers.get('a' as never)?.lookedAt);
    await act(scheduler);
    await scheduler.close();
    const turns = file('data/turns');
    for (const name of await readdir(turns))
      read.set(`recording ${name}`, await readFile(join(turns, name), 'utf8'));
  }

  /** A Berth with keys, an issuer of tokens and a certificate of its own. */
  async function withCredentials(): Promise<void> {
    const authority = await OwnAuthority.open(file('ca'), 'berth', Date.now());
    ca = authority.path;
    const { cert, key } = await authority.sign(['localhost', '127.0.0.1'], Date.now());
    await writeFile(file('a.crt'), cert);
    await writeFile(file('a.key'), key);
    secrets.set('the key of the certificate', lineOf(key));
    const tls = { cert: file('a.crt'), key: file('a.key') };
    const { url, audience, jwks } = issuer;
    const grants = [{ claim: 'sub', equals: 'ci', role: 'admin' }];
    const jwt = [{ issuer: url, audience, jwks, grants }];
    const auth = { keys: [admin.line, gateway.line, past.line], jwt };
    await during({ tls, auth }, async (scheduler) => {
      await overHttp(scheduler);
      await overGrpc(scheduler);
      await overCommandLine(scheduler);
      await writeFile(file('a.key'), `${key.slice(0, -40)}torn`);
      await scheduler.readCertificates();
    });
    const refused = await load({ auth: { keys: [{ ...inClear.line, hash: inClear.key }] } });
    read.set('a configuration that is refused', JSON.stringify(refused));
  }

  /** Every GET that is published, by each credential. */
  async function overHttp({ http }: RunningScheduler): Promise<void> {
    const exp = Math.floor(Date.now() / 1_000) + 600;
    const tokens = [await issuer.token('k', { exp }), await issuer.token('k', { exp, sub: 'stranger' })];
    const [token = '', foreign = ''] = tokens;
    secrets.set('a token', signatureOf(token));
    secrets.set('a token of no caller', signatureOf(foreign));
    const how = { ca: await readFile(ca, 'utf8') };
    const ask = async (name: string, path: string, authorization: string): Promise<string> => {
      const { status, body } = await askTls(`${http}${path}`, how, { authorization });
      const place = `${name} ${path}`;
      read.set(place, `${read.get(place) ?? ''}${status} ${body}`);
      return body;
    };
    const published = await ask('GET', '/openapi.json', `Bearer ${admin.key}`);
    const { paths } = JSON.parse(published) as { paths: Record<string, object> };
    const reading = Object.entries(paths).filter(([, methods]) => 'get' in methods);
    const named = reading.map(([path]) => path.replace('{model}', 'resnet50').replace('{server}', 'a'));
    const keys = [admin, gateway, past, unknown, inClear].map(({ key }) => key);
    const shown = [...keys, token, foreign, keys.join(), unknown.key.repeat(100)].map(
      (one) => `Bearer ${one}`,
    );
    for (const path of named)
      for (const one of [...shown, `Basic ${admin.key}`, admin.key]) await ask('GET', path, one);
    for (const key of keys) await ask('in a query:', `/v1/models?key=${key}`, `Bearer ${admin.key}`);
  }

  async function overGrpc({ grpc }: RunningScheduler): Promise<void> {
    const router = tlsRouter(grpc, await readFile(ca, 'utf8'));
    for (const { key } of [admin, gateway, past, unknown]) {
      const told = await router.resolve('resnet50', key).catch((error: unknown) => error);
      read.set(`Resolve ${read.size}`, `${String(told)} ${JSON.stringify(told)}`);
    }
    router.close();
  }

  /** Writes, for the audit, and what is refused. */
  async function overCommandLine({ http }: RunningScheduler): Promise<void> {
    const lines = [
      'pin resnet50',
      'unpin resnet50',
      'freeze --reason canary',
      'unfreeze',
      'audit',
      'get servers',
    ];
    for (const line of lines)
      for (const who of ['admin', 'gateway', 'past', 'unknown']) {
        const key = file(`${who}.key`);
        const { out, err } = await berthctl([
          ...line.split(' '),
          '--url',
          http,
          '--ca',
          ca,
          '--key-file',
          key,
        ]);
        read.set(`berthctl ${line} as ${who}`, out + err);
      }
    read.set('GET /v1/audit', read.get('berthctl audit as admin')! + (await auditOf(http)));
  }

  async function auditOf(http: string): Promise<string> {
    const how = { ca: await readFile(ca, 'utf8') };
    return (await askTls(`${http}/v1/audit`, how, admin.headers)).body;
  }

  /** A Berth beyond loopback that is told of no credentials: it makes the key of an admin, and an authority. */
  async function atTheFirstStart(): Promise<void> {
    await during({ http: BEYOND, grpc: BEYOND }, async ({ http }) => {
      const key = (await readFile(file('data/admin.key'), 'utf8')).trim();
      secrets.set('the key that the first start makes', secretOf(key));
      secrets.set('the key of the authority', lineOf(await readFile(file('data/ca.key'), 'utf8')));
      const how = { ca: await readFile(file('data/ca.crt'), 'utf8') };
      const url = `${http.replace(/\[.*\]/, 'localhost')}/v1/models`;
      for (const shown of [key, `${key}x`]) {
        const { status, body } = await askTls(url, how, { authorization: `Bearer ${shown}` });
        read.set(`the first start, ${status}`, body);
      }
    });
    expect([...read.keys()]).toEqual(
      expect.arrayContaining(['the first start, 200', 'the first start, 401']),
    );
  }
});

type Loaded = Awaited<ReturnType<typeof loadConfig>>;

const load = (settings: object): Promise<Loaded> =>
  loadConfig({
    file: { path: 'berth.yaml', text: JSON.stringify(settings) },
    ...{ env: {}, flags: { triton: [] } },
  });

function configOf(result: Loaded): Config {
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.config;
}

const secretOf = (key: string): string => key.slice(-SECRET_CHARS);
/** The first line of a PEM text that is none of its frame. */
const lineOf = (pem: string): string => pem.split('\n')[1]!;
const signatureOf = (token: string): string => token.split('.')[2]!;
